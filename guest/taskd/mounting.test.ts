import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { LIMITS } from "../../runtime/protocol/limits.ts";

const PROGRAM = `
import { openSync } from "node:fs";
import { mountTerminals } from ${JSON.stringify(join(import.meta.dirname, "mounting.ts"))};
await mountTerminals("/mnt");
let count = 0;
try { for (;; count++) openSync("/mnt/ptmx", "r+"); } catch (error) { console.log(count, error.code); }
process.exit();`;

test("taskTerminals: a task opens so many terminals, and no more", async () => {
  const node = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", PROGRAM];
  const { stdout } = await execa("unshare", ["--user", "--map-root-user", "--mount", ...node]);
  assert.equal(stdout, `${LIMITS.taskTerminals} ENOSPC`);
});
