import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { signature } from "../api/bundle.ts";
import { isSignedBy, ownFingerprint, signBytes, signerOf, signingKey } from "./signature.ts";

const state = mkdtempSync(join(tmpdir(), "piwork-signature-"));
test.after(() => rmSync(state, { recursive: true }));
const bytes = Buffer.from("these bytes");

test("a key is made once, for its user alone, and known by its fingerprint", () => {
  assert.equal(ownFingerprint(state), undefined);
  const signed = signature.parse(signBytes(bytes, signingKey(state)));
  assert.deepEqual(readdirSync(state), ["evidence-key.pem"]);
  assert.equal((statSync(join(state, "evidence-key.pem")).mode & 0o777).toString(8), "600");
  assert.equal(signerOf(signed), ownFingerprint(state));
  assert.equal(signBytes(bytes, signingKey(state)).signature, signed.signature);
});

test("a key that others may use, and one that is none, are refused with what to do", () => {
  const own = mkdtempSync(join(tmpdir(), "piwork-signature-"));
  test.after(() => rmSync(own, { recursive: true }));
  const file = join(own, "evidence-key.pem");
  signingKey(own);
  for (const mode of [0o640, 0o604]) {
    chmodSync(file, mode);
    assert.throws(() => signingKey(own), /Others than you .* Move it away/);
  }
  chmodSync(file, 0o600);
  writeFileSync(file, "garbage");
  assert.throws(() => ownFingerprint(own), /is no key\. Move it away/);
});

test("only these bytes with that key were signed", () => {
  const signed = signBytes(bytes, signingKey(state));
  const other = signBytes(bytes, generateKeyPairSync("ed25519").privateKey);
  assert.equal(isSignedBy(bytes, signed), true);
  for (const [content, by] of [
    [Buffer.from("those bytes"), signed],
    [bytes, { ...signed, signature: other.signature }],
    [bytes, { ...signed, publicKey: other.publicKey }],
    [bytes, { ...signed, publicKey: "" }],
    [bytes, { ...signed, signature: "" }],
  ] as const)
    assert.equal(isSignedBy(content, by), false);
});

test("the same signature written in another way is none", () => {
  const signed = signBytes(bytes, signingKey(state));
  // Of the last character four bits are unused, and zero.
  const last = signed.signature.charCodeAt(85);
  const written = `${signed.signature.slice(0, 85)}${String.fromCharCode(last + 1)}==`;
  assert.deepEqual(Buffer.from(written, "base64"), Buffer.from(signed.signature, "base64"));
  assert.equal(signature.safeParse({ ...signed, signature: written }).success, false);
});
