import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { TemporaryDirectory } from "./temporary-directory.ts";

const PREFIX = join(tmpdir(), "piwork-temporary-");

test("a temporary directory is removed at the end of its block", () => {
  let path: string;
  {
    using directory = new TemporaryDirectory(PREFIX);
    path = directory.path;
    assert.equal(existsSync(path), true);
  }
  assert.equal(existsSync(path), false);
});

test("a temporary directory is removed where its process exits in the middle of the block", async () => {
  const program = `
    import { TemporaryDirectory } from ${JSON.stringify(new URL("temporary-directory.ts", import.meta.url).href)};
    process.stdout.write(new TemporaryDirectory(${JSON.stringify(PREFIX)}).path);
    process.exit(3);`;
  const { exitCode, stdout } = await execa(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", program],
    { reject: false },
  );
  assert.equal(exitCode, 3);
  assert.equal(stdout.slice(0, PREFIX.length), PREFIX);
  assert.equal(existsSync(stdout), false);
});
