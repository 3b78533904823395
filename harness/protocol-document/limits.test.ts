import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";

/** Limits that no test reaches, and why. */
const UNREACHED: Partial<Record<keyof typeof LIMITS, string>> = {
  machineProcesses: "takes nine tasks in one machine, eight of them with all the processes that a task may have",
};

const OWN = "protocol-document/limits.test.ts";
const TESTS = ["runtime", "guest", "harness", "suites"].flatMap((room) =>
  readdirSync(join(REPOSITORY, room), { recursive: true, encoding: "utf8" })
    .filter((file) => file !== OWN && (room === "suites" ? file.endsWith(".ts") : file.endsWith(".test.ts")))
    .map((file) => readFileSync(join(REPOSITORY, room, file), "utf8")),
);

test("each limit is named by a unit test or a suite, which is to reach it", () => {
  const isNamed = (name: string) => TESTS.some((source) => new RegExp(`\\b${name}\\b`).test(source));
  const names = [...Object.keys(LIMITS), "noSuchLimit"];
  assert.deepEqual(
    names.filter((name) => !isNamed(name)),
    [...Object.keys(UNREACHED), "noSuchLimit"],
  );
});
