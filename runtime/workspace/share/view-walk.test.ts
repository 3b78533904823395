import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { KernelRefusal } from "../../linux/kernel-calls.ts";
import { Stage } from "./stage.ts";

test("the kernel itself refuses a link that is on the way in the view alone", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-walk-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const workspace = join(directory, "workspace");
  for (const path of ["workspace/a/deep/own", "workspace/inside/own", "outside/own", "linked", "replaced/a/own"])
    mkdirSync(join(directory, path), { recursive: true });
  symlinkSync(join(directory, "outside"), join(directory, "linked/deep")); // leads out of the workspace
  symlinkSync("a", join(directory, "replaced/inside")); // stays in it
  const stage = await Stage.open(join(directory, "stage"));
  t.after(() => stage.close());
  stage.makeShares("machine-1");
  const [program = "", ...words] = stage.prefix;
  const bind = (from: string, to: string) =>
    execa(program, [...words, "mount", "--bind", join(directory, from), join(directory, to)]);
  const isRefused = (parts: string[]) =>
    assert.rejects(stage.show("machine-1", "workspace", workspace, parts), (error: Error) => {
      assert.match(error.message, /replaced while it was being opened/);
      assert.equal(error.cause instanceof KernelRefusal, true, `by another check: ${error.cause}`);
      return true;
    });
  await bind("linked", "workspace/a");
  await isRefused(["a", "deep", "own"]);
  await bind("replaced", "workspace");
  await isRefused(["inside", "own"]);
});
