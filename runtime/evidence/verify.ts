import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import {
  BUNDLE_FILES,
  BUNDLE_LIMITS,
  environment,
  type Manifest,
  manifest,
  type Results,
  results,
  type Signature,
  signature,
} from "../api/bundle.ts";
import { screenshots } from "../api/screenshots.ts";
import { printable } from "../linux/open-beneath.ts";
import { Contents } from "./contents.ts";
import { assertPicture } from "./pictures.ts";
import { BundleRefused, type RefusalKind } from "./refusal.ts";
import { isSignedBy, signerOf, writeSignature } from "./signature.ts";
import { assertControls, assertExecuted, assertVerdicts } from "./verdicts.ts";

/** What became of looking at a bundle. */
export interface Verification {
  directory: string;
  verifiedAt: string;
  /** the first reason not to believe it; null where there is none */
  refusal: { kind: RefusalKind; says: string } | null;
  /** what it says of itself, as far as that could be read */
  manifest: Manifest | undefined;
  /** fingerprint of whoever signed it */
  signer: string | undefined;
}

/** Whether a bundle is what was signed, whatever it says about the run. */
export function isGenuine({ refusal }: Verification): boolean {
  return refusal === null || refusal.kind === "failed";
}

/** Asks everything that can be asked of a bundle alone. `key` is the fingerprint of whom to believe; without one nobody is. */
export function verifyBundle(directory: string, key: string | undefined): Verification {
  const found: Pick<Verification, "manifest" | "signer"> = { manifest: undefined, signer: undefined };
  const verified = { directory, verifiedAt: new Date().toISOString() };
  try {
    using contents = new Contents(directory);
    const bytes = readManifest(contents);
    found.manifest = parse(BUNDLE_FILES.manifest, bytes, manifest, "manifest");
    assertComplete(found.manifest);
    found.signer = assertSigned(contents, bytes, key);
    assertFiles(contents, found.manifest);
    const read = readerOf(contents, found.manifest);
    const judged = parse(BUNDLE_FILES.results, read(BUNDLE_FILES.results), results);
    parse(BUNDLE_FILES.environment, read(BUNDLE_FILES.environment), environment);
    assertSame(found.manifest, judged);
    assertExecuted(
      found.manifest.expected,
      judged.results.map(({ id }) => id),
    );
    assertVerdicts(judged);
    assertControls(judged.results, found.manifest.attacks);
    assertPictures(contents.paths, read);
    assertPassed(judged);
    return { ...verified, ...found, refusal: null };
  } catch (error) {
    // Whatever goes wrong, it is not believed.
    const { kind } = error instanceof BundleRefused ? error : { kind: "unreadable" as const };
    return { ...verified, ...found, refusal: { kind, says: error instanceof Error ? error.message : String(error) } };
  }
}

function readManifest(contents: Contents): Buffer {
  const bytes = contents.read(BUNDLE_FILES.manifest, BUNDLE_LIMITS.manifestBytes);
  if (bytes === undefined)
    throw new BundleRefused("manifest", `there is no ${BUNDLE_FILES.manifest}: this is no bundle`);
  return bytes;
}

function assertComplete({ finishedAt, startedAt }: Manifest): void {
  if (finishedAt === null)
    throw new BundleRefused(
      "incomplete",
      `the run that began at ${startedAt} did not come to its end (finishedAt is null)`,
    );
}

function assertSigned(contents: Contents, bytes: Buffer, key: string | undefined): string {
  const content = contents.read(BUNDLE_FILES.signature, BUNDLE_LIMITS.signatureBytes);
  if (content === undefined) throw new BundleRefused("signer", "it is not signed");
  const signed: Signature = parse(BUNDLE_FILES.signature, content, signature, "signature");
  // Nobody has signed the signature: a name that stands twice in it, or room between two, could say anything.
  if (!writeSignature(signed).equals(content))
    throw new BundleRefused("signature", `${BUNDLE_FILES.signature} is not as it is written`);
  const signer = signerOf(signed);
  if (key === undefined)
    throw new BundleRefused(
      "signer",
      `nothing was signed here yet, and no --key says whom to believe; it is signed by ${signer}`,
    );
  if (signer !== key) throw new BundleRefused("signer", `it is signed by ${signer}, not by ${key}`);
  if (!isSignedBy(bytes, signed) || signed.fingerprint !== signer)
    throw new BundleRefused("signature", `${BUNDLE_FILES.manifest} is not what was signed`);
  return signer;
}

function assertFiles(contents: Contents, { files }: Manifest): void {
  const known = new Map(files.map((file) => [file.path, file]));
  if (known.size !== files.length) throw new BundleRefused("extra file", "the manifest names a file twice");
  const there = new Set(contents.paths);
  const own: readonly string[] = [BUNDLE_FILES.manifest, BUNDLE_FILES.signature];
  const missing = files.find(({ path }) => !there.has(path));
  if (missing !== undefined) throw new BundleRefused("missing file", `${printable(missing.path)} is not there`);
  const extra = contents.paths.find((path) => !known.has(path) && !own.includes(path));
  if (extra !== undefined)
    throw new BundleRefused("extra file", `${printable(extra)} is there, and not in the manifest`);
  for (const { path, bytes, sha256 } of known.values()) {
    const now = contents.measure(path);
    if (now.sha256 !== sha256 || now.bytes !== bytes)
      throw new BundleRefused(
        "hash",
        `${printable(path)} is not what it was: ${now.bytes} bytes with the hash ${now.sha256.slice(0, 16)}…`,
      );
  }
}

/** Reads what was signed, and nothing that was put in its place since it was measured. */
function readerOf(contents: Contents, { files }: Manifest): (path: string) => Buffer | undefined {
  const known = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  return (path) => {
    const content = contents.read(path);
    if (content !== undefined && createHash("sha256").update(content).digest("hex") !== known.get(path))
      throw new BundleRefused("hash", `${printable(path)} was changed while it was looked at`);
    return content;
  };
}

function parse<S extends z.ZodType>(
  path: string,
  content: Buffer | undefined,
  schema: S,
  kind: RefusalKind = "document",
): z.infer<S> {
  if (content === undefined) throw new BundleRefused(kind, `there is no ${path}`);
  try {
    return schema.parse(JSON.parse(content.toString("utf8")));
  } catch (error) {
    const words = String((error as Error).message)
      .replaceAll(/\s+/g, " ")
      .slice(0, 300);
    throw new BundleRefused(kind, `${path} is not what its schema says: ${words}`);
  }
}

/** The manifest says in short what the results say. */
function assertSame(short: Manifest, { suite, passed, failed, expected, results }: Results): void {
  const executed = results.map(({ id }) => id);
  if (!isDeepStrictEqual(short.expected, expected) || !isDeepStrictEqual(short.executed, executed))
    throw new BundleRefused("checks", "manifest and results tell of different checks");
  if (short.suite !== suite || short.passed !== passed || short.failed !== failed)
    throw new BundleRefused("verdicts", "manifest and results count differently");
}

function assertPictures(paths: readonly string[], read: (path: string) => Buffer | undefined): void {
  for (const path of paths.filter((name) => name.split("/").at(-1) === BUNDLE_FILES.screenshots)) {
    const beside = path.slice(0, -BUNDLE_FILES.screenshots.length);
    for (const shot of parse(path, read(path), screenshots).screenshots)
      assertPicture(shot, (name) => read(`${beside}${name}`));
  }
}

function assertPassed({ passed, failed }: Results): void {
  if (failed > 0)
    throw new BundleRefused("failed", `it is whole, and the run has failed: ${failed} of ${passed + failed} checks`);
}
