import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { StepError } from "./step-error.ts";

/** What the guest needs from the kernel beyond what is built in: its disk, its channels, its root and the host's folders. */
export const NEEDED_MODULES = ["virtio_pci", "virtio_blk", "erofs", "virtio_console", "9p", "9pnet_virtio"] as const;

export interface KernelModule {
  name: string;
  content: Buffer;
}

/**
 * `needed` and all they build on, each after what it needs. `modules.dep` is not in the package (depmod writes it when
 * a kernel is installed), so this reads what depmod reads: each module's own `.modinfo`.
 */
export async function orderModules(needed: readonly string[], paths: readonly string[]): Promise<KernelModule[]> {
  const pathOf = new Map(paths.map((path) => [moduleName(path), path]));
  const seen = new Set<string>();
  const ordered: KernelModule[] = [];

  async function add(name: string, neededBy: string): Promise<void> {
    if (seen.has(name)) return;
    seen.add(name);
    const path = pathOf.get(name);
    if (path === undefined)
      throw new StepError(
        `changed kernel layout: there is no module ${name}, which ${neededBy} needs`,
        "It may be built in or renamed: look at the kernel package and at NEEDED_MODULES in guest/image/modules.ts.",
      );
    const content = await readFile(path);
    const info = modinfo(content);
    for (const dependency of list(info, "depends", ",")) await add(moduleName(dependency), name);
    for (const wish of softDependencies(info)) {
      // A wish names an algorithm ("crc32c"); its portable implementation runs on every CPU.
      const module = [wish, `${wish}_generic`].find((candidate) => pathOf.has(candidate));
      if (module !== undefined) await add(module, name);
    }
    ordered.push({ name, content });
  }

  for (const name of needed) await add(moduleName(name), "the guest");
  return ordered;
}

/** Modules answer to both spellings; the kernel's own is with underscores. */
const moduleName = (path: string) => basename(path, ".ko").replaceAll("-", "_");

const softDependencies = (info: string[]) =>
  info
    .filter((line) => line.startsWith("softdep=pre: "))
    .flatMap((line) => line.slice("softdep=pre: ".length).split(" post:")[0]?.split(/\s+/) ?? [])
    .map(moduleName);

const list = (info: string[], key: string, separator: string) =>
  info
    .filter((line) => line.startsWith(`${key}=`))
    .flatMap((line) => line.slice(key.length + 1).split(separator))
    .filter((item) => item !== "");

/** The `key=value` lines of a module's `.modinfo` section. */
export function modinfo(module: Buffer): string[] {
  const sections = Number(module.readBigUInt64LE(0x28));
  const sectionSize = module.readUInt16LE(0x3a);
  const section = (index: number) => {
    const at = sections + index * sectionSize;
    const start = Number(module.readBigUInt64LE(at + 0x18));
    return {
      nameAt: module.readUInt32LE(at),
      body: module.subarray(start, start + Number(module.readBigUInt64LE(at + 0x20))),
    };
  };
  const names = section(module.readUInt16LE(0x3e)).body;
  for (let index = 0; index < module.readUInt16LE(0x3c); index++) {
    const { nameAt, body } = section(index);
    if (names.toString("latin1", nameAt, names.indexOf(0, nameAt)) === ".modinfo")
      return body
        .toString("latin1")
        .split("\0")
        .filter((line) => line !== "");
  }
  throw new StepError("changed kernel layout: a module without .modinfo", "See guest/image/modules.ts.");
}
