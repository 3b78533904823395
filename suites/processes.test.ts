import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../runtime/state/places.ts";

// Suites and harness start processes with zx, the runtime and the image builder with execa.

const IN_GUEST = "runs in the guest, where each library costs every clone";
const NO_PACKAGES = "runs before there are packages";

/** All files that name `child_process`, and why each does. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "guest/link/port.ts": IN_GUEST,
  "guest/network/namespace.ts": IN_GUEST,
  "guest/probe/random-values.ts": IN_GUEST,
  "guest/probe/run-command.ts": IN_GUEST,
  "guest/taskd/agent.test.ts": "starts a process in the place of a sandbox",
  "guest/walls/readback.ts": IN_GUEST,
  "guest/walls/sandbox.ts": IN_GUEST,
  "guest/walls/unconfined.ts": IN_GUEST,
  "harness/checks/clean-environment.test.ts": "looks at what a program that a suite starts inherits",
  "harness/network/outside.ts": "speaks to its child over Node's own channel",
  "runtime/linux/flock.mjs": NO_PACKAGES,
  "runtime/linux/kernel-calls.ts": IN_GUEST,
  "runtime/setup/main.mjs": NO_PACKAGES,
  "suites/bench/exec.ts": "measures how long a process takes, which a shell would lengthen",
  "suites/processes.test.ts": "is this list",
};

const SOURCES = ["runtime", "guest", "harness", "suites"].flatMap((room) =>
  readdirSync(join(REPOSITORY, room), { recursive: true, encoding: "utf8" })
    .map((file) => `${room}/${file}`)
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !file.includes("/node_modules/")),
);

function filesWith(pattern: RegExp): string[] {
  return SOURCES.filter((file) => pattern.test(readFileSync(join(REPOSITORY, file), "utf8"))).sort();
}

test("node:child_process is used by the files that are listed, and by no other", () => {
  assert.deepEqual(filesWith(/child_process/), Object.keys(EXCEPTIONS));
});

test("zx is for suites and harness, execa for the runtime and what makes the guest", () => {
  const within = (rooms: RegExp, files: string[]) => files.filter((file) => !rooms.test(file));
  assert.deepEqual(within(/^(suites|harness)\//, filesWith(/^import .* from "zx";$/m)), []);
  assert.deepEqual(within(/^(runtime|guest)\//, filesWith(/^import .* from "execa";$/m)), []);
});
