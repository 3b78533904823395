import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BUNDLE_FILES, type Manifest } from "../../runtime/api/bundle.ts";
import { signBytes, signingKey, writeSignature } from "../../runtime/evidence/signature.ts";
import { redactText } from "../../runtime/log/redaction.ts";

const OWN: readonly string[] = [BUNDLE_FILES.manifest, BUNDLE_FILES.signature];

export type Claims = Omit<Manifest, "schema" | "files">;

/** The manifest of a run that has not come to its end: it lists no file, and nobody has signed it. */
export function openBundle(directory: string, claims: Claims): void {
  writeManifest(directory, { ...claims, finishedAt: null }, []);
}

/** Lists every file as it is now, and signs. Nothing may be written into the bundle afterwards. */
export function sealBundle(directory: string, claims: Claims, state: string): void {
  removeEmpty(directory);
  const bytes = writeManifest(directory, claims, measure(directory));
  const signed = signBytes(bytes, signingKey(state));
  writeFileSync(join(directory, BUNDLE_FILES.signature), writeSignature(signed));
}

/** Directories that were left without a file: a manifest cannot name them. */
function removeEmpty(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const inner = join(directory, entry.name);
    removeEmpty(inner);
    if (readdirSync(inner).length === 0) rmdirSync(inner);
  }
}

function writeManifest(directory: string, claims: Claims, files: Manifest["files"]): Buffer {
  const content: Manifest = { schema: 1, ...claims, files };
  const bytes = Buffer.from(`${JSON.stringify(content, null, 1)}\n`);
  writeFileSync(join(directory, BUNDLE_FILES.manifest), bytes);
  return bytes;
}

/** Files of a bundle as paths within it, but the manifest and its signature. A link is none: neither read nor written through. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => !OWN.includes(path))
    .sort();
}

function measure(directory: string): Manifest["files"] {
  return filesOf(directory).map((path) => {
    const content = readFileSync(join(directory, path));
    return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  });
}

/**
 * Takes secrets out of whatever was written into the bundle past those who redact what they write: consoles of machines,
 * output of other programs. Its bytes stay as they are otherwise, whatever they are.
 */
export function redactFiles(directory: string): void {
  for (const path of filesOf(directory).filter((name) => !name.endsWith(".png"))) {
    const file = join(directory, path);
    const text = readFileSync(file, "latin1");
    const redacted = redactText(text);
    if (redacted !== text) writeFileSync(file, redacted, "latin1");
  }
}
