import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";

/** Stands in for flock: it leaves a mark, and it is still at it when the signal comes. */
const slowFlock = (mark: string) => `#!/bin/sh\necho > '${mark}'\nexec sleep 2\n`;

test("Ctrl-C while a lock is taken interrupts the program, not the locking", async () => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-flock-"));
  try {
    const mark = join(directory, "mark");
    writeFileSync(join(directory, "flock"), slowFlock(mark), { mode: 0o755 });
    const program = `
      import { tryLock } from ${JSON.stringify(new URL("flock.mjs", import.meta.url).href)};
      process.on("SIGINT", () => { console.log("interrupted"); process.exit(130); });
      console.log("locked", tryLock(0));
      setTimeout(() => {}, 10_000);`;
    const env = { PATH: `${directory}${delimiter}${process.env["PATH"]}` };
    // A group of its own, as a terminal signals it.
    const child = execa(process.execPath, ["--input-type=module", "--eval", program], {
      env,
      detached: true,
      stdin: "ignore",
      reject: false,
    });
    const deadline = Date.now() + 60_000;
    while (!existsSync(mark) && Date.now() < deadline) await delay(10);
    process.kill(-(child.pid ?? Number.NaN), "SIGINT");
    const { exitCode, stdout, stderr } = await child;
    assert.deepEqual([exitCode, stdout, stderr], [130, "locked true\ninterrupted", ""]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
