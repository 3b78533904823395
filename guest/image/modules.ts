import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { SHARE_MODULES } from "../taskd/files/share/modules.ts";
import { newIn } from "./in-root.ts";
import { StepError } from "./step-error.ts";
import { output } from "./tool.ts";

/** What the guest needs from the kernel before taskd runs, where it is not built in: its disk, its channels, its root and the host's folders. */
export const BOOT_MODULES = ["virtio_pci", "virtio_blk", "erofs", "virtio_console", ...SHARE_MODULES] as const;

/** What a guest may load later, from its root: each costs time to load, and a boot does without it. */
export const LATER_MODULES = ["overlay", "f2fs", "fuse"] as const;

export interface KernelModule {
  name: string;
  content: Buffer;
}

/**
 * `needed` and all they build on, each after what it needs. `modules.dep` is not in the package (depmod writes it when
 * a kernel is installed), so this reads what depmod reads: each module's own `.modinfo`.
 */
export async function orderModules(
  needed: readonly string[],
  files: readonly string[],
  builtIn: readonly string[],
  signal: AbortSignal,
): Promise<KernelModule[]> {
  const pathOf = new Map(files.filter((file) => MODULE.test(file)).map((path) => [moduleName(path), path]));
  const seen = new Set(builtIn.map(moduleName));
  const ordered: KernelModule[] = [];

  async function add(name: string, neededBy: string): Promise<void> {
    if (seen.has(name)) return;
    seen.add(name);
    const path = pathOf.get(name);
    if (path === undefined)
      throw new StepError(
        `changed kernel layout: there is no module ${name}, which ${neededBy} needs`,
        "It may have been renamed: look at the kernel package and at the lists in guest/image/modules.ts.",
      );
    const content = path.endsWith(".xz") ? await output("xz", ["-dc", path], signal) : await readFile(path);
    for (const need of needsOf(content, (candidate) => pathOf.has(candidate))) await add(need, name);
    ordered.push({ name, content });
  }

  for (const name of needed) await add(moduleName(name), "the guest");
  return ordered;
}

const MODULE = /\.ko(\.xz)?$/;

/** Modules answer to both spellings; the kernel's own is with underscores. */
const moduleName = (path: string) => basename(path).replace(MODULE, "").replaceAll("-", "_");

/**
 * Puts modules where a running guest finds them: `modprobe` reads this directory, and `modules.dep` says what to load before each.
 * Those that the initramfs has loaded are there already, and not listed.
 */
export async function installModules(root: string, release: string, modules: readonly KernelModule[]): Promise<void> {
  const dir = `usr/lib/modules/${release}`;
  for (const { name, content } of modules) await writeFile(await newIn(root, `${dir}/${name}.ko`), content);
  const contents = new Map(modules.map(({ name, content }) => [name, content]));
  const addNeeds = (module: Buffer, found: Set<string>) => {
    for (const need of needsOf(module, (candidate) => contents.has(candidate))) {
      const content = contents.get(need);
      if (content !== undefined && !found.has(need)) addNeeds(content, found).add(need);
    }
    return found;
  };
  // As depmod writes it: what comes last on a line is loaded first.
  const lines = modules.map(({ name, content }) => {
    const needs = [...addNeeds(content, new Set())].reverse();
    return `${name}.ko:${needs.map((need) => ` ${need}.ko`).join("")}\n`;
  });
  await writeFile(await newIn(root, `${dir}/modules.dep`), lines.join(""));
}

/** The modules that one needs, and of those that it wishes for the ones that there are. */
function needsOf(module: Buffer, exists: (name: string) => boolean): string[] {
  const info = modinfo(module);
  const named = (line: RegExp) =>
    info.flatMap((one) => line.exec(one)?.[1]?.split(/[,\s]+/) ?? []).filter((name) => name !== "");
  // A wish names an algorithm ("crc32c"); its portable implementation runs on every CPU.
  const wishes = named(/^softdep=pre: (.*?)(?: post:|$)/).map(moduleName);
  return [
    ...named(/^depends=(.*)/).map(moduleName),
    ...wishes.flatMap((wish) => [wish, `${wish}_generic`].find(exists) ?? []),
  ];
}

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
