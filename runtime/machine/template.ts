import { createHash } from "node:crypto";
import { openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { type AgentKind, agentKind } from "../protocol/kinds.ts";
import { LIMITS } from "../protocol/limits.ts";
import { UNSAFE_WORD } from "../protocol/rpc.ts";
import { isAbsent, namesIn } from "../state/absent.ts";
import type { Image } from "../state/image.ts";
import { readCached } from "../state/whole-file.ts";
import type { FilesPath } from "../workspace/files.ts";
import { type Accelerator, type MachineShape, qemuArguments } from "./arguments.ts";
import { needsFixedAddresses } from "./fixed-addresses.ts";
import { QEMU } from "./hypervisor.ts";
import { MemoryFile } from "./memory-file.ts";
import { packedMemory, unpackMemory } from "./packed-memory.ts";

/** Raised whenever a template made before can no longer be cloned by the runtime of today. */
export const TEMPLATE_SCHEMA = 2;

/** Templates that are kept, those that were used last: of three checkouts, and for each of them a safe and an unsafe one. */
const KEPT = 6;

/** Memory is added in pieces of this size: the kernel takes no smaller ones. */
const PIECE_MB = 128;

/** Memory of a machine before any is added, in MiB: enough for a task whose memory nobody chose. */
export const MACHINE_MEMORY_MB = neededMb(LIMITS.taskMemoryBytes);
/** The most that can be added, in MiB. */
export const ADDABLE_MEMORY_MB = neededMb(LIMITS.mostTaskMemoryBytes) - MACHINE_MEMORY_MB;

/** Memory of a machine whose tasks may have this much together, in MiB. */
export function machineMemoryMb(tasksBytes: number): number {
  return Math.max(MACHINE_MEMORY_MB, neededMb(tasksBytes));
}

function neededMb(tasksBytes: number): number {
  const { supervisorMemoryBytes, kernelMemoryBytes, describedBytes } = LIMITS;
  const bytes = tasksBytes * (1 + 1 / describedBytes) + supervisorMemoryBytes + kernelMemoryBytes;
  return Math.ceil(bytes / 1024 ** 2 / PIECE_MB) * PIECE_MB;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const templateManifest = z.strictObject({
  schema: z.literal(TEMPLATE_SCHEMA),
  /** what it was made for, see `templateKey` */
  key: sha256,
  agent: agentKind,
  accelerator: z.enum(["kvm", "tcg"]),
  createdAt: z.iso.datetime(),
  /** the last event that the machine sent before it was saved */
  lastSeq: z.int().nonnegative(),
  /** milliseconds from the start of the machine to the template */
  buildMs: z.number().nonnegative(),
  /** all of a machine but its memory */
  state: z.strictObject({ bytes: z.int().positive(), sha256 }),
  memory: packedMemory,
});
export type TemplateManifest = z.infer<typeof templateManifest>;

/** A manifest as it is kept, with a sum that tells a damaged one, not a forged one. */
const summedManifest = z
  .looseObject({ sum: sha256 })
  .refine(({ sum, ...facts }) => sum === sumOf(facts))
  .transform(({ sum: _, ...facts }) => facts)
  .pipe(templateManifest);

/** What a template is made for. A machine of another kind cannot be cloned from it. */
export interface TemplateKind {
  image: Image;
  accelerator: Accelerator;
  agent: AgentKind;
  unsafe: boolean;
  /** how its tasks get their files */
  files: FilesPath;
}

/** The shape of each machine that can be a template, or come from one. */
export function machineShape({
  accelerator,
  unsafe,
}: Pick<TemplateKind, "accelerator" | "unsafe">): Omit<MachineShape, "fileDevices"> {
  return {
    accelerator,
    memoryMb: MACHINE_MEMORY_MB,
    addableMb: ADDABLE_MEMORY_MB,
    kernelWords: unsafe ? [UNSAFE_WORD] : [],
    fixedAddresses: needsFixedAddresses(accelerator),
  };
}

/** Everything that matters to whether a saved machine goes on: the guest's bytes, QEMU and its words, and the processor. */
export function templateKey(kind: TemplateKind): string {
  const { size, mtimeMs } = statSync(QEMU);
  const words = (["template", "clone"] as const).map((memory) =>
    qemuArguments(
      { ...machineShape(kind), fileDevices: kind.files.deviceWords, memory },
      { image: "/image", sockets: "/sockets", exports: [] },
    ),
  );
  const processor = [cpus()[0]?.model, kind.accelerator === "kvm" ? release() : ""];
  const facts = [TEMPLATE_SCHEMA, kind.image.manifest.inputs, kind.agent, { size, mtimeMs }, words, processor];
  return sumOf(facts);
}

export function templatesDirectory(cache: string): string {
  return join(cache, "templates");
}

export function templateDirectory(cache: string, key: string): string {
  return join(templatesDirectory(cache), key.slice(0, 16));
}

/** A template, of this key where one is named; undefined where there is none, or not a whole one. */
export function readTemplate(directory: string, key?: string): TemplateManifest | undefined {
  const manifest = readCached(join(directory, "manifest.json"), summedManifest);
  if (manifest === undefined || (key !== undefined && manifest.key !== key)) return undefined;
  const isWhole = (["state", "memory"] as const).every(
    (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size === manifest[name].bytes,
  );
  return isWhole ? manifest : undefined;
}

/** Writes what a template's directory says of it. */
export function writeManifest(directory: string, manifest: TemplateManifest): void {
  writeFileSync(join(directory, "manifest.json"), `${JSON.stringify({ ...manifest, sum: sumOf(manifest) })}\n`);
}

function sumOf(facts: object): string {
  return sha256Of(JSON.stringify(facts));
}

export function sha256Of(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A template in memory, where no machine can change it. */
export class Template implements Disposable {
  private constructor(
    readonly manifest: TemplateManifest,
    readonly memory: MemoryFile,
    readonly state: MemoryFile,
  ) {}

  /** The template in this directory; undefined where what is there is not what was saved. */
  static async load(directory: string, manifest: TemplateManifest): Promise<Template | undefined> {
    const files: MemoryFile[] = [];
    const makeFile = async (bytes: number) => {
      const file = await MemoryFile.make(bytes);
      files.push(file);
      return file;
    };
    let isLoaded = false;
    try {
      const saved = readFileSync(join(directory, "state"));
      if (sha256Of(saved) !== manifest.state.sha256) return undefined;
      const memory = await makeFile(MACHINE_MEMORY_MB * 1024 * 1024);
      const state = await makeFile(saved.length);
      if (!(await unpackMemory(join(directory, "memory"), manifest.memory, memory.fd))) return undefined;
      writeSync(state.fd, saved);
      await Promise.all([memory.seal(), state.seal()]);
      const now = new Date();
      utimesSync(join(directory, "manifest.json"), now, now); // what was used last is kept longest
      isLoaded = true;
      return new Template(manifest, memory, state);
    } catch (error) {
      if (isAbsent(error)) return undefined; // another runtime has removed it meanwhile, as one of the oldest
      throw error;
    } finally {
      if (!isLoaded) for (const file of files) file[Symbol.dispose]();
    }
  }

  /** The saved state, to be read from its beginning; whoever asks closes it. */
  openState(): number {
    return openSync(`/proc/self/fd/${this.state.fd}`, "r");
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
    this.state[Symbol.dispose]();
  }
}

export interface FoundTemplate {
  directory: string;
  usedAt: Date;
  bytes: number;
  /** null where it is not whole, or of another version of the runtime */
  manifest: TemplateManifest | null;
}

/** Every template there is, whole or not, the one that was used last first. */
export function listTemplates(cache: string): FoundTemplate[] {
  return namesIn(templatesDirectory(cache))
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => {
      const directory = join(templatesDirectory(cache), name);
      const manifest = readTemplate(directory) ?? null;
      const stats = namesIn(directory).map((file) => statSync(join(directory, file)));
      const bytes = stats.reduce((sum, { size }) => sum + size, 0);
      return { directory, bytes, manifest, usedAt: new Date(Math.max(0, ...stats.map(({ mtimeMs }) => mtimeMs))) };
    })
    .sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
}

/** What a build makes before it is a template. */
export const DRAFT = ".build-";
/** No build takes longer, in milliseconds: an older draft is of one that was killed. */
const DRAFT_MS = 3_600_000;

/** Removes all but the templates that were used last, and what a build left that was killed. */
export function pruneTemplates(cache: string, kept = KEPT): void {
  const drafts = namesIn(templatesDirectory(cache)).filter((name) => name.startsWith(DRAFT));
  const old = drafts
    .map((name) => join(templatesDirectory(cache), name))
    .filter((directory) => Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0) > DRAFT_MS);
  const unused = listTemplates(cache).slice(kept);
  for (const directory of [...old, ...unused.map((template) => template.directory)])
    rmSync(directory, { recursive: true, force: true });
}

/** Removes all templates, and what a build that was interrupted left. A machine that was cloned from one goes on. */
export function removeTemplates(cache: string): FoundTemplate[] {
  const found = listTemplates(cache);
  rmSync(templatesDirectory(cache), { recursive: true, force: true });
  return found;
}
