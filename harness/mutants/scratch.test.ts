import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Mutant } from "./mutant.ts";
import { ScratchCopy } from "./scratch.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "piwork-scratch-")));
test.after(() => rmSync(root, { recursive: true }));
const repository = join(root, "repository");
mkdirSync(join(repository, "node_modules/piwork"), { recursive: true });
mkdirSync(join(repository, "node_modules/other"));
mkdirSync(join(repository, "a"));
writeFileSync(join(repository, "a/wall.ts"), "closed(1); open(1);");
const mutant: Mutant = {
  id: "x",
  file: "a/wall.ts",
  find: "closed(1)",
  replace: "$&",
  loses: "All.",
  noticedBy: "a.b",
};

test("a mutant is in the copy while it is tried, and never in the repository", async () => {
  const directory = join(root, "copy");
  const read = () => readFileSync(join(directory, "a/wall.ts"), "utf8");
  {
    using copy = new ScratchCopy(repository, ["a/wall.ts"], directory);
    await copy.with(mutant, async () => assert.equal(read(), "$&; open(1);"));
    assert.equal(read(), "closed(1); open(1);");
    assert.equal(realpathSync(join(directory, "node_modules/piwork")), directory);
    assert.equal(realpathSync(join(directory, "node_modules/other")), join(repository, "node_modules/other"));
    await assert.rejects(
      copy.with(mutant, () => Promise.reject(new Error("ended"))),
      /ended/,
    );
    assert.equal(read(), "closed(1); open(1);");
  }
  assert.deepEqual([existsSync(directory), existsSync(join(repository, "node_modules/other"))], [false, true]);
  assert.equal(readFileSync(join(repository, "a/wall.ts"), "utf8"), "closed(1); open(1);");
});

const STALE: [why: string, of: Partial<Mutant>, words: RegExp][] = [
  ["its text is gone", { find: "closed(2)" }, /0 times/],
  ["its text is there twice", { find: "(1)" }, /2 times/],
  ["its file is gone", { file: "a/gone.ts" }, /there is no a\/gone\.ts/],
  ["it changes nothing", { replace: mutant.find }, /as it was/],
];
for (const [why, of, words] of STALE)
  test(`a mutant no longer applies where ${why}`, async () => {
    using copy = new ScratchCopy(repository, ["a/wall.ts"], join(root, "stale"));
    await assert.rejects(
      copy.with({ ...mutant, ...of }, () => assert.fail("it was tried")),
      words,
    );
  });
