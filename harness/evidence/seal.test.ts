import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { $ } from "zx";
import { verifyBundle } from "../../runtime/evidence/verify.ts";
import { redactFiles, sealBundle } from "./seal.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-seal-"));
test.after(() => rmSync(root, { recursive: true }));

test("secrets go from the files of a bundle, and nothing is written through a link or waited for at a pipe", () => {
  const bundle = join(root, "bundle");
  mkdirSync(bundle);
  const secret = `sk-any-${"0".repeat(20)}`;
  for (const file of [join(root, "outside"), join(bundle, "inside")]) writeFileSync(file, `it is ${secret}`);
  symlinkSync("../outside", join(bundle, "link"));
  $.sync`mkfifo ${join(bundle, "pipe")}`;
  redactFiles(bundle);
  assert.equal(readFileSync(join(bundle, "inside"), "utf8"), "it is [redacted]");
  assert.equal(readFileSync(join(root, "outside"), "utf8"), `it is ${secret}`);
});

test("no directory without a file is sealed", () => {
  const bundle = join(root, "hollow");
  mkdirSync(join(bundle, "one/two"), { recursive: true });
  const at = new Date().toISOString();
  const claims = {
    run: "any",
    suite: "any",
    commit: null,
    clean: null,
    command: "none",
    startedAt: at,
    finishedAt: at,
  };
  sealBundle(bundle, { ...claims, expected: [], attacks: [], executed: [], passed: 0, failed: 0 }, join(root, "state"));
  assert.equal(existsSync(join(bundle, "one")), false);
  assert.equal(verifyBundle(bundle, undefined).refusal?.kind, "signer");
});
