import type * as z from "zod";
import {
  BUNDLE_FILES,
  environment,
  type Manifest,
  manifest,
  type Results,
  results,
  type Signature,
  signature,
} from "../protocol/bundle.ts";
import { printable } from "../protocol/open-beneath.ts";
import { screenshots } from "../protocol/screenshots.ts";
import { Contents } from "./contents.ts";
import { assertPicture } from "./pictures.ts";
import { type RefusalKind, Refused } from "./refusal.ts";
import { isSignedBy, signerOf } from "./signature.ts";
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
    found.manifest = readManifest(contents);
    assertComplete(found.manifest);
    found.signer = assertSigned(contents, key);
    assertFiles(contents, found.manifest);
    const judged = parse(contents, BUNDLE_FILES.results, results);
    parse(contents, BUNDLE_FILES.environment, environment);
    assertSame(found.manifest, judged);
    assertExecuted(
      found.manifest.expected,
      judged.results.map(({ id }) => id),
    );
    assertVerdicts(judged);
    assertControls(judged.results, found.manifest.attacks);
    assertPictures(contents);
    assertPassed(judged);
    return { ...verified, ...found, refusal: null };
  } catch (error) {
    // Whatever goes wrong, it is not believed.
    const { kind } = error instanceof Refused ? error : { kind: "unreadable" as const };
    return { ...verified, ...found, refusal: { kind, says: error instanceof Error ? error.message : String(error) } };
  }
}

function readManifest(contents: Contents): Manifest {
  if (!contents.paths.includes(BUNDLE_FILES.manifest))
    throw new Refused("manifest", `there is no ${BUNDLE_FILES.manifest}: this is no bundle`);
  return parse(contents, BUNDLE_FILES.manifest, manifest, "manifest");
}

function assertComplete({ finishedAt, startedAt }: Manifest): void {
  if (finishedAt === null)
    throw new Refused("incomplete", `the run that began at ${startedAt} did not come to its end (finishedAt is null)`);
}

function assertSigned(contents: Contents, key: string | undefined): string {
  if (!contents.paths.includes(BUNDLE_FILES.signature)) throw new Refused("signer", "it is not signed");
  const signed: Signature = parse(contents, BUNDLE_FILES.signature, signature, "signature");
  const signer = signerOf(signed);
  if (key === undefined)
    throw new Refused(
      "signer",
      `nothing was signed here yet, and no --key says whom to believe; it is signed by ${signer}`,
    );
  if (signer !== key) throw new Refused("signer", `it is signed by ${signer}, not by ${key}`);
  const isSigned = isSignedBy(contents.read(BUNDLE_FILES.manifest) ?? Buffer.alloc(0), signed);
  if (!isSigned || signed.fingerprint !== signer)
    throw new Refused("signature", `${BUNDLE_FILES.manifest} is not what was signed`);
  return signer;
}

function assertFiles(contents: Contents, { files }: Manifest): void {
  const known = new Map(files.map((file) => [file.path, file]));
  const there = new Set(contents.paths);
  const own: readonly string[] = [BUNDLE_FILES.manifest, BUNDLE_FILES.signature];
  const missing = files.find(({ path }) => !there.has(path));
  if (missing !== undefined) throw new Refused("missing file", `${printable(missing.path)} is not there`);
  const extra = contents.paths.find((path) => !known.has(path) && !own.includes(path));
  if (extra !== undefined) throw new Refused("extra file", `${printable(extra)} is there, and not in the manifest`);
  for (const { path, bytes, sha256 } of known.values()) {
    const now = contents.measure(path);
    if (now.sha256 !== sha256 || now.bytes !== bytes)
      throw new Refused(
        "hash",
        `${printable(path)} is not what it was: ${now.bytes} bytes with the hash ${now.sha256.slice(0, 16)}…`,
      );
  }
}

function parse<S extends z.ZodType>(
  contents: Contents,
  path: string,
  schema: S,
  kind: RefusalKind = "document",
): z.infer<S> {
  const content = contents.read(path);
  if (content === undefined) throw new Refused(kind, `there is no ${path}`);
  try {
    return schema.parse(JSON.parse(content.toString("utf8")));
  } catch (error) {
    throw new Refused(
      kind,
      `${path} is not what its schema says: ${error instanceof Error ? firstWords(error) : error}`,
    );
  }
}

function firstWords({ message }: Error): string {
  return message.replaceAll(/\s+/g, " ").slice(0, 300);
}

/** The manifest says in short what the results say. */
function assertSame(short: Manifest, { suite, passed, failed, expected, results }: Results): void {
  const executed = results.map(({ id }) => id);
  const isSame = (one: readonly string[], other: readonly string[]) => one.join("\n") === other.join("\n");
  if (!isSame(short.expected, expected) || !isSame(short.executed, executed))
    throw new Refused("checks", "manifest and results tell of different checks");
  if (short.suite !== suite || short.passed !== passed || short.failed !== failed)
    throw new Refused("verdicts", "manifest and results count differently");
}

function assertPictures(contents: Contents): void {
  for (const path of contents.paths.filter((name) => name.split("/").at(-1) === BUNDLE_FILES.screenshots)) {
    const beside = path.slice(0, -BUNDLE_FILES.screenshots.length);
    for (const shot of parse(contents, path, screenshots).screenshots)
      assertPicture(shot, (name) => contents.read(`${beside}${name}`));
  }
}

function assertPassed({ passed, failed }: Results): void {
  if (failed > 0)
    throw new Refused("failed", `it is whole, and the run has failed: ${failed} of ${passed + failed} checks`);
}
