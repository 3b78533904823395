import * as z from "zod";

/** Files of a bundle that are known by name; the others are logs, pictures, and what a suite measured. */
export const BUNDLE_FILES = {
  manifest: "manifest.json",
  signature: "manifest.sig",
  environment: "environment.json",
  results: "results.json",
  screenshots: "screenshots.json",
  report: "report.html",
} as const;

/** What a reader of a bundle is ready for. Whoever made it may mean harm. */
export const BUNDLE_LIMITS = {
  /** files and directories in all */
  files: 20_000,
  /** directories on the way to a file */
  levels: 12,
  /** bytes of one file */
  fileBytes: 256 * 1024 * 1024,
  /** bytes of all files together */
  bytes: 2 * 1024 * 1024 * 1024,
  /** bytes of a document that is read as a whole */
  documentBytes: 64 * 1024 * 1024,
  /** bytes of a manifest, which is read before anybody knows who made it */
  manifestBytes: 8 * 1024 * 1024,
  /** bytes of a signature, as it is read */
  signatureBytes: 4096,
  /** attacks whose control may be dead */
  dead: 10,
  /** pixels of one picture */
  pixels: 32 * 1024 * 1024,
  /** how far two colours may be apart and still count as the same, as pixelmatch has it */
  threshold: 0.01,
  /** share of a picture that may be covered */
  masked: 0.03,
} as const;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** `manifest.json`: what a run was to do and did, and every file it left but this one and its signature. */
export const manifest = z.strictObject({
  schema: z.literal(1),
  /** the name of the bundle's directory when it was made */
  run: z.string(),
  suite: z.string().max(64),
  /** what was tested; null outside of a repository */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable(),
  /** nothing was changed since that commit; null where that is not known */
  clean: z.boolean().nullable(),
  /** the command that does it again */
  command: z.string(),
  startedAt: z.iso.datetime(),
  /** null while it runs, and for ever where it did not come to its end */
  finishedAt: z.iso.datetime().nullable(),
  /** ids of the checks that were to run */
  expected: z.array(z.string()),
  /** of these, the attacks: one whose result does not say what was seen of it counts for nothing */
  attacks: z.array(z.string()),
  /** ids of those that ran, in the order in which they ended */
  executed: z.array(z.string()),
  passed: count,
  failed: count,
  files: z.array(z.strictObject({ path: z.string(), bytes: count, sha256 })),
});
export type Manifest = z.infer<typeof manifest>;

/** Bytes in base64, in the one way to write them: unused bits of the last character are zero. */
const base64 = z
  .base64()
  .max(256)
  .refine((written) => btoa(atob(written)) === written, "is not how these bytes are written");

/** `manifest.sig`: who says so. It is over the exact bytes of `manifest.json`. */
export const signature = z.strictObject({
  schema: z.literal(1),
  algorithm: z.literal("ed25519"),
  /** base64 of the key as DER (SPKI) */
  publicKey: base64,
  /** SHA-256 of these bytes */
  fingerprint: sha256,
  /** base64 */
  signature: base64,
});
export type Signature = z.infer<typeof signature>;

/** What an oracle saw of an attack. */
const sight = z.strictObject({
  /** whether it got through */
  through: z.boolean(),
  seen: z.string(),
  /** nobody in the machine could look any more */
  lost: z.literal(true).optional(),
  /** it did not come to its end */
  cutOff: z.literal(true).optional(),
  /** what it tried is there to be seen, however it ended */
  tried: z.literal(true).optional(),
});
export type BundledSight = z.infer<typeof sight>;

/** An attack, where it must not get through, and where it must. */
const attack = z.strictObject({
  /** the script, or the operation */
  tried: z.string(),
  /** what tells whether it got through, from outside of the attacker */
  oracle: z.string(),
  /** null where nobody saw it, which is a failure */
  target: sight.nullable(),
  control: sight.nullable(),
  /** why its control does not get through either */
  dead: z.string().min(1).optional(),
});

const checkResult = z.strictObject({
  id: z.string(),
  /** what must be true */
  claim: z.string(),
  verdict: z.enum(["passed", "failed"]),
  milliseconds: z.number().nonnegative(),
  /** why it failed; only there where it did */
  reason: z.string().optional(),
  /** there where the check is an attack, whatever became of it */
  attack: attack.optional(),
  /** what else was seen */
  evidence: z.looseObject({}).optional(),
  /** what was logged while it failed, and a little before */
  logs: z.array(z.strictObject({ file: z.string(), text: z.string() })).optional(),
});
export type CheckResult = z.infer<typeof checkResult>;

/** `results.json` */
export const results = z.strictObject({
  schema: z.literal(2),
  suite: z.string().max(64),
  expected: z.array(z.string()),
  passed: count,
  failed: count,
  results: z.array(checkResult),
  /** checks that take root on the host, where an ordinary user ran the suite */
  skipped: z.array(z.strictObject({ id: z.string(), claim: z.string(), reason: z.string() })).optional(),
});
export type Results = z.infer<typeof results>;

const fileHash = z.strictObject({ bytes: count, sha256 });

/** What one runtime of a suite said of itself once it was ready. */
export const runtimeFacts = z.strictObject({
  schema: z.literal(1),
  isolation: z.string(),
  /** asked for, used, and what the probe answered */
  acceleration: z.strictObject({ requested: z.string(), used: z.string(), reason: z.string() }).nullable(),
  /** of the image: the hash of all that went in */
  image: z.string().nullable(),
  template: z.string().nullable(),
  /** the command line of each QEMU that ran then, as the kernel has it */
  qemu: z.array(z.array(z.string())),
});
export type RuntimeFacts = z.infer<typeof runtimeFacts>;

/** `environment.json`: where a run was, and with what. What is not there is null. */
export const environment = z.strictObject({
  schema: z.literal(1),
  system: z.string(),
  processor: z.string(),
  cores: count,
  memoryMb: count,
  /** of the host when the run started, for one, five and fifteen minutes */
  load: z.array(z.number()),
  node: z.string(),
  /** first line of `--version` */
  qemu: z.string().nullable(),
  /** Debian's versions */
  browser: z.string().nullable(),
  fonts: z.array(z.string()),
  image: z.strictObject({ inputs: z.string(), files: z.record(z.string(), fileHash) }).nullable(),
  /** those that machines could be cloned from; of the memory, which is large, the sum that its manifest has */
  templates: z.array(z.strictObject({ key: z.string(), manifest: sha256, state: sha256, memoryCrc32: count })),
  /** what the runtimes of this run said of themselves, by where their logs are */
  runtimes: z.record(z.string(), runtimeFacts),
});
export type Environment = z.infer<typeof environment>;
