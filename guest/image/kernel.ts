import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BOOT_MODULES, type KernelModule, LATER_MODULES, numberedName, orderModules } from "./modules.ts";
import { StepError } from "./step-error.ts";
import { unpackDeb } from "./unpack.ts";
import { extractVmlinux } from "./vmlinux.ts";

export interface Kernel {
  /** As `uname -r` says it in the guest. */
  release: string;
  vmlinux: Buffer;
  /** What the initramfs loads, in the order in which they load. */
  boot: KernelModule[];
  /** What a running guest may load on top of those, in the order in which they load. */
  later: KernelModule[];
}

/**
 * The bootable kernel and the modules we load, out of Debian's package. Unpacking it takes longer than all the rest of
 * a build, so the few files that we take are kept in `keptIn`.
 */
export async function takeKernel(
  deb: { path: string; sha256: string },
  keptIn: string,
  signal: AbortSignal,
): Promise<Kernel> {
  const dir = join(keptIn, await keptName(deb.sha256));
  const kept = await readKept(dir);
  if (kept) return kept;

  await mkdir(keptIn, { recursive: true });
  const scratch = await mkdtemp(join(keptIn, ".unpacking-"));
  try {
    const kernel = await extractKernel(deb.path, join(scratch, "deb"), signal);
    await keep(kernel, join(scratch, "kept"));
    await rename(join(scratch, "kept"), dir);
    for (const other of await readdir(keptIn))
      if (join(keptIn, other) !== dir) await rm(join(keptIn, other), { recursive: true, force: true });
    return kernel;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function extractKernel(deb: string, scratch: string, signal: AbortSignal): Promise<Kernel> {
  await mkdir(scratch);
  // Debian 12 has them below lib, Debian 13 below usr/lib and compressed.
  await mkdir(join(scratch, "usr/lib"), { recursive: true });
  await symlink("usr/lib", join(scratch, "lib"));
  await unpackDeb(deb, scratch, signal, ["--wildcards", "./boot/vmlinuz-*", "./*lib/modules/*"]).catch(
    (error: Error) => {
      if (/Not found in archive/.test(error.message))
        throw changed("the package has no boot/vmlinuz-* or no lib/modules");
      throw error;
    },
  );
  const releases = await readdir(join(scratch, "lib/modules"));
  const release = releases[0];
  if (release === undefined || releases.length > 1) throw changed("not exactly one directory below lib/modules");
  const vmlinuz = await readFile(join(scratch, "boot", `vmlinuz-${release}`)).catch(() => {
    throw changed(`there is no boot/vmlinuz-${release} that belongs to the modules`);
  });
  const modules = join(scratch, "lib/modules", release);
  const files = (await readdir(modules, { recursive: true })).map((file) => join(modules, file));
  const builtIn = (await readFile(join(modules, "modules.builtin"), "utf8")).split("\n");
  const boot = await orderModules(BOOT_MODULES, files, builtIn, signal);
  const all = await orderModules([...BOOT_MODULES, ...LATER_MODULES], files, builtIn, signal);
  return { release, vmlinux: await extractVmlinux(vmlinuz, signal), boot, later: all.slice(boot.length) };
}

/** Changes with the package and with the code that decides what is taken out of it. */
async function keptName(debSha256: string): Promise<string> {
  const hash = createHash("sha256").update(debSha256);
  for (const source of ["kernel.ts", "modules.ts", "vmlinux.ts"])
    hash.update(await readFile(join(import.meta.dirname, source)));
  return hash.digest("hex").slice(0, 16);
}

async function keep({ release, vmlinux, boot, later }: Kernel, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "release"), release);
  await writeFile(join(dir, "vmlinux"), vmlinux);
  for (const [folder, modules] of Object.entries({ boot, later })) {
    await mkdir(join(dir, folder));
    for (const [index, { name, content }] of modules.entries())
      await writeFile(join(dir, folder, numberedName(index, name)), content);
  }
}

/** A directory of that name is whole: it was renamed into its place. */
async function readKept(dir: string): Promise<Kernel | undefined> {
  if (!existsSync(dir)) return undefined;
  const modules = async (folder: string) => {
    const files = (await readdir(join(dir, folder))).sort();
    return Promise.all(
      files.map(async (file) => ({ name: file.slice(3), content: await readFile(join(dir, folder, file)) })),
    );
  };
  return {
    release: await readFile(join(dir, "release"), "utf8"),
    vmlinux: await readFile(join(dir, "vmlinux")),
    boot: await modules("boot"),
    later: await modules("later"),
  };
}

const changed = (what: string) =>
  new StepError(
    `changed kernel layout: ${what}`,
    "This builder knows the kernel packages of Debian 12 and 13; see guest/image/kernel.ts.",
  );
