import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa, execaSync } from "execa";
import { openBeneath } from "./open-beneath.ts";
import { openRegularFile } from "./open-regular.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-regular-"));
test.after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, "in"));
writeFileSync(join(root, "in/file"), "inside");
writeFileSync(join(root, "secret"), "outside");
mkdirSync(join(root, "in/directory"));
symlinkSync("../secret", join(root, "in/link"));
execaSync("mkfifo", [join(root, "in/pipe")]);

test("a file is opened, what is not there is nothing", () => {
  using place = openBeneath(root, ["in"]);
  using file = openRegularFile(place, "file");
  assert.deepEqual([file?.stats.size, file?.readAtMost(100)?.toString()], [6, "inside"]);
  assert.equal(openRegularFile(place, "missing"), undefined);
});

for (const name of ["link", "pipe", "directory", "..", ".", "", "../secret", "file/x", "a\0b"]) {
  test(`${JSON.stringify(name)} is refused at once, and nothing stays open`, () => {
    using place = openBeneath(root, ["in"]);
    const before = readdirSync("/proc/self/fd").length;
    assert.throws(() => openRegularFile(place, name), { code: "WORKSPACE_POLICY_VIOLATION" });
    assert.equal(readdirSync("/proc/self/fd").length, before);
  });
}

test("a file that is swapped for a link is the file or a refusal, never what the link leads to", {
  timeout: 20_000,
}, async () => {
  const swaps =
    "while :; do ln -s ../secret draft; mv -T draft swapped; printf inside > draft; mv -T draft swapped; done";
  const swapping = execa("sh", ["-c", swaps], { cwd: join(root, "in"), stdio: "ignore", reject: false });
  using place = openBeneath(root, ["in"]);
  let refused = 0;
  let read = 0;
  try {
    // A race that never was proves nothing: both outcomes have to have happened.
    while (refused < 50 || read < 50) {
      await new Promise((resolve) => setImmediate(resolve));
      try {
        using file = openRegularFile(place, "swapped");
        if (file === undefined) continue;
        assert.match(`${file.readAtMost(100)}`, /^(inside)?$/);
        read++;
      } catch (error) {
        if ((error as { code?: string }).code !== "WORKSPACE_POLICY_VIOLATION") throw error;
        refused++;
      }
    }
  } finally {
    swapping.kill("SIGKILL");
    await swapping;
  }
});

test("what is longer than was asked for is not given, also where it has grown since it was opened", () => {
  const path = join(root, "grows");
  writeFileSync(path, "four");
  using place = openBeneath(root, []);
  using file = openRegularFile(place, "grows");
  appendFileSync(path, "more".repeat(10));
  assert.deepEqual([file?.readAtMost(44)?.length, file?.stats.size], [44, 4]);
  using again = openRegularFile(place, "grows");
  appendFileSync(path, "!");
  assert.equal(again?.readAtMost(44), undefined);
});
