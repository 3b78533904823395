import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Signature } from "../api/bundle.ts";
import { PiworkError } from "../protocol/errors.ts";

/** The key of a state directory, which says that evidence was made by its suites. It is in no bundle. */
function keyFile(state: string): string {
  return join(state, "evidence-key.pem");
}

/** The key to sign with; made at the first use. */
export function signingKey(state: string): KeyObject {
  const path = keyFile(state);
  if (!existsSync(path)) makeKey(path);
  const advice = "Move it away: another one is made, and what this one has signed is not believed here any more.";
  if ((statSync(path).mode & 0o077) !== 0)
    throw new PiworkError("INTERNAL_ERROR", `Others than you may use the key ${path}. ${advice}`);
  try {
    return createPrivateKey(readFileSync(path));
  } catch (cause) {
    throw new PiworkError("INTERNAL_ERROR", `${path} is no key. ${advice}`, { cause });
  }
}

/** What its signatures are known by; undefined where nothing was signed in this state yet. */
export function ownFingerprint(state: string): string | undefined {
  return existsSync(keyFile(state)) ? fingerprintOf(publicBytes(signingKey(state))) : undefined;
}

function makeKey(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
    flag: "wx",
  });
  try {
    // Of two suites that start at once, both sign with the key of the first.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
}

export function signBytes(bytes: Buffer, key: KeyObject): Signature {
  const published = publicBytes(key);
  return {
    schema: 1,
    algorithm: "ed25519",
    publicKey: published.toString("base64"),
    fingerprint: fingerprintOf(published),
    signature: sign(null, bytes, key).toString("base64"),
  };
}

/** `manifest.sig` as it is written; there is no other way to write the same. */
export function writeSignature(signed: Signature): Buffer {
  return Buffer.from(`${JSON.stringify(signed, null, 1)}\n`);
}

/** The fingerprint of the key that it comes with, whatever it says that this is. */
export function signerOf({ publicKey }: Signature): string {
  return fingerprintOf(Buffer.from(publicKey, "base64"));
}

/** Whether these bytes were signed with the key that the signature comes with. Who has that key is another question. */
export function isSignedBy(bytes: Buffer, { publicKey, signature }: Signature): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" && verify(null, bytes, key, Buffer.from(signature, "base64"));
  } catch {
    return false; // it is no key
  }
}

function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

function fingerprintOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
