import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { removeTree } from "./remove-tree.ts";

const scratch = mkdtempSync(join(tmpdir(), "piwork-remove-"));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

test("deep, odd and closed trees go; what links lead to stays", async () => {
  const tree = join(scratch, "tree");
  mkdirSync(tree);
  const outside = join(scratch, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "mine"), "");
  symlinkSync(outside, join(tree, "link"));
  mkdirSync(join(tree, ".piwork-removed-1/inner"), { recursive: true });
  writeFileSync(join(tree, ".piwork-removed-1/inner/file"), "");
  writeFileSync(join(tree, ".piwork-removed-2"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe])]), "");
  // Deeper than a path may be long.
  const before = process.cwd();
  process.chdir(tree);
  for (let depth = 0; depth < 60; depth++) {
    const name = "d".repeat(200);
    mkdirSync(name);
    process.chdir(name);
    writeFileSync("file", "");
    symlinkSync(outside, "link");
  }
  process.chdir(before);
  chmodSync(join(tree, "d".repeat(200)), 0);
  await removeTree(tree);
  assert.deepEqual([existsSync(tree), existsSync(join(outside, "mine"))], [false, true]);
});

test("a link, a file and nothing at all are no trees", async () => {
  symlinkSync(scratch, join(scratch, "to-scratch"));
  await removeTree(join(scratch, "to-scratch"));
  await removeTree(join(scratch, "nothing"));
  assert.deepEqual([existsSync(join(scratch, "to-scratch")), existsSync(scratch)], [false, true]);
});

const SWAPS = `chdir $ARGV[0]; $| = 1; print "swapping"; syscall(316, -100, my $d = "d", -100, my $l = "l", 2) while getppid == $ARGV[1]`;

test("who still is in the tree, and swaps what is there, leads nobody out of it", async () => {
  const outside = join(scratch, "victim");
  mkdirSync(join(outside, "sub"), { recursive: true });
  writeFileSync(join(outside, "sub/file"), "");
  chmodSync(outside, 0o755);
  for (let attempt = 0; attempt < 150; attempt++) {
    const tree = join(scratch, `raced-${attempt}`);
    mkdirSync(join(tree, "in/d/sub"), { recursive: true });
    writeFileSync(join(tree, "in/d/sub/file"), "");
    symlinkSync(outside, join(tree, "in/l"));
    const swapper = execa("perl", ["-e", SWAPS, join(tree, "in"), `${process.pid}`], { reject: false });
    await once(swapper.stdout, "data");
    try {
      await removeTree(tree);
    } catch {
      // something was swapped at the wrong moment: it stays, and is removed another time
    }
    swapper.kill("SIGKILL");
    await swapper;
    await removeTree(tree);
    const { mode } = statSync(outside);
    assert.deepEqual([existsSync(join(outside, "sub/file")), mode & 0o777, existsSync(tree)], [true, 0o755, false]);
  }
});

test("others get turns while much is removed, more of them where it is more", async () => {
  const turns = async (files: number) => {
    const tree = join(scratch, `large-${files}`);
    for (const part of ["a", "b/c"]) mkdirSync(join(tree, part), { recursive: true });
    for (let file = 0; file < files; file++) writeFileSync(join(tree, file % 2 === 0 ? "a" : "b/c", `${file}`), "");
    let [taken, isDone] = [0, false];
    const take = () => {
      taken++;
      if (!isDone) setImmediate(take);
    };
    take();
    await removeTree(tree).finally(() => {
      isDone = true;
    });
    assert.equal(existsSync(tree), false);
    return taken;
  };
  const [few, many] = [await turns(100), await turns(4_000)];
  assert.equal(few > 3 && many > 100, true, `${few} and ${many} turns`);
});
