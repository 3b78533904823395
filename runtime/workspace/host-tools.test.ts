import assert from "node:assert/strict";
import { test } from "node:test";
import { gitSettings } from "./host-tools.ts";

const keys = (text: string) => gitSettings(text).map(({ key }) => key);

test("settings by which git runs something are found, in whatever way they are written", () => {
  assert.deepEqual(
    keys('[core]\n\tfsmonitor = x\n[filter "a b"]clean=x\n[ diff  "q\\"q" ]\n textconv\n[user]\nname = x\n'),
    ["core.fsmonitor", "filter.a b.clean", 'diff.q\\"q.textconv'],
  );
});

test("a line that goes on for ever takes no longer to read than it is long", () => {
  const work = (length: number) => {
    const lines = [
      `[a${" ".repeat(length)}x`,
      `[a "${"\\".repeat(length)}`,
      `${"a".repeat(length)} ;`,
      `[${"a".repeat(length)}`,
    ];
    const before = process.cpuUsage().user;
    for (const line of lines) gitSettings(line);
    return process.cpuUsage().user - before;
  };
  work(60_000);
  const [short, long] = [work(4_000), work(64_000)];
  // Sixteen times as long; 256 times as much work would be seconds.
  assert.equal(long < 100 * Math.max(short, 1_000), true, `${short} µs and ${long} µs`);
});
