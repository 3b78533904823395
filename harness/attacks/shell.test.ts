import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { $ } from "zx";
import type { Client } from "../../runtime/control/client.ts";
import { removeTree } from "../../runtime/workspace/remove-tree.ts";
import { Shell } from "./shell.ts";

/** Runs commands on this host in the place of a task. */
const HERE = {
  async *stream(_: "exec", { argv }: { argv: string[] }, signal: AbortSignal) {
    const running = $({ signal, quiet: true, nothrow: true })`${argv}`;
    for await (const data of running.stdout)
      yield { type: "output", stream: "stdout", data: Buffer.from(data).toString("base64") };
  },
} as unknown as Client;

test("a script's output and exit code are its own, one script after the other", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-shell-"));
  t.after(() => removeTree(directory));
  await using shell = await Shell.start(HERE, directory, (script) => ({
    argv: ["bash", "-c", `cd ${directory} && ${script}`],
  }));
  for (const [script, output, code] of [
    ["echo one", "one", 0],
    ["echo two; exit 7", "two", 7],
    ["cat nothing-there 2>/dev/null", "", 1],
    ["printf three", "three", 0],
  ] as const) {
    const ran = await shell.run(script, 10_000);
    assert.deepEqual({ output: ran.output.trim(), code: ran.code }, { output, code }, script);
  }
});
