import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BUNDLE_FILES, BUNDLE_LIMITS, type Manifest, type Results } from "../api/bundle.ts";
import { ownFingerprint, signBytes, signingKey, writeSignature } from "./signature.ts";
import { verifyBundle } from "./verify.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-verify-"));
test.after(() => rmSync(root, { recursive: true }));
const key = signingKey(root);

const AT = "2026-01-01T00:00:00.000Z";
const environment = {
  schema: 1,
  system: "",
  processor: "",
  cores: 1,
  memoryMb: 1,
  load: [],
  node: "",
  qemu: null,
  browser: null,
  fonts: [],
  image: null,
  templates: [],
  runtimes: {},
};

/** A bundle of one check, changed before it is signed. */
function makeBundle(change: (manifest: Manifest, results: Results) => void = () => {}): string {
  const directory = mkdtempSync(join(root, "bundle-"));
  const results: Results = {
    schema: 2,
    suite: "any",
    expected: ["a"],
    passed: 1,
    failed: 0,
    results: [{ id: "a", claim: "it is so", verdict: "passed", milliseconds: 1 }],
  };
  const manifest: Manifest = {
    schema: 1,
    run: "any",
    suite: "any",
    commit: null,
    clean: null,
    command: "none",
    startedAt: AT,
    finishedAt: AT,
    expected: ["a"],
    attacks: [],
    executed: ["a"],
    passed: 1,
    failed: 0,
    files: [],
  };
  writeFileSync(join(directory, BUNDLE_FILES.environment), JSON.stringify(environment));
  const files = [BUNDLE_FILES.results, BUNDLE_FILES.environment];
  change(manifest, results);
  writeFileSync(join(directory, BUNDLE_FILES.results), JSON.stringify(results));
  const measured = files.map((path) => {
    const content = readFileSync(join(directory, path));
    return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  });
  const bytes = Buffer.from(JSON.stringify({ ...manifest, files: [...manifest.files, ...measured] }));
  writeFileSync(join(directory, BUNDLE_FILES.manifest), bytes);
  writeFileSync(join(directory, BUNDLE_FILES.signature), writeSignature(signBytes(bytes, key)));
  return directory;
}

const refusalOf = (directory: string) => verifyBundle(directory, ownFingerprint(root)).refusal;

test("what was signed is believed", () => {
  assert.equal(refusalOf(makeBundle()), null);
});

test("the signature itself is as it was written: nobody has signed it, and it could say anything", () => {
  for (const change of [
    (text: string) => `${text}\n`,
    (text: string) => text.replace("{", '{"schema":"looked at by somebody",'),
    (text: string) => text.replace('"schema": 1', '"schema": 1.0'),
  ]) {
    const directory = makeBundle();
    const file = join(directory, BUNDLE_FILES.signature);
    writeFileSync(file, change(readFileSync(file, "utf8")));
    assert.equal(refusalOf(directory)?.kind, "signature");
  }
});

test("what is read before it is known who made it is not long", () => {
  for (const [file, bytes] of [
    [BUNDLE_FILES.manifest, BUNDLE_LIMITS.manifestBytes],
    [BUNDLE_FILES.signature, BUNDLE_LIMITS.signatureBytes],
  ] as const) {
    const directory = makeBundle();
    truncateSync(join(directory, file), bytes + 1);
    assert.match(refusalOf(directory)?.says ?? "", /is too long to be read/);
  }
});

test("a directory without a file was not signed by anybody", () => {
  const directory = makeBundle();
  mkdirSync(join(directory, "looked/at"), { recursive: true });
  assert.deepEqual(refusalOf(directory), { kind: "extra file", says: "looked/at is a directory without a file" });
});

test("a file, a check and an attack each stand for one", () => {
  const sha256 = "0".repeat(64);
  for (const [change, kind] of [
    [(manifest) => manifest.files.push({ path: BUNDLE_FILES.results, bytes: 1, sha256 }), "extra file"],
    [(manifest) => manifest.attacks.push("b"), "control"],
    [
      (manifest, results) => {
        manifest.expected = ["a", "b\nc"];
        manifest.executed = ["a", "b\nc"];
        results.expected = ["a", "b", "c"];
        results.results.push({ id: "b\nc", claim: "", verdict: "passed", milliseconds: 1 });
        manifest.passed = results.passed = 2;
      },
      "checks",
    ],
  ] as [(manifest: Manifest, results: Results) => void, string][])
    assert.equal(refusalOf(makeBundle(change))?.kind, kind);
});

test("what is not as it was is named so that no terminal obeys it", () => {
  const directory = makeBundle();
  appendFileSync(join(directory, "a\u001b[2Jb"), "");
  assert.match(refusalOf(directory)?.says ?? "", /^a\\u001b\[2Jb is there/);
});
