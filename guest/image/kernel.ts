import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { ifThere } from "./if-there.ts";
import { BOOT_MODULES, type KernelModule, LATER_MODULES, orderModules } from "./modules.ts";
import { changedKernel } from "./step-error.ts";
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
 * a build, so what we take is kept in `keptIn`.
 */
export async function takeKernel(
  deb: { path: string; sha256: string },
  keptIn: string,
  signal: AbortSignal,
): Promise<Kernel> {
  const file = join(keptIn, await keptName(deb.sha256));
  const kept = await ifThere(readFile(file));
  if (kept) return deserialize(kept) as Kernel;

  await mkdir(keptIn, { recursive: true });
  const scratch = await mkdtemp(join(keptIn, ".unpacking-"));
  try {
    const kernel = await extractKernel(deb.path, join(scratch, "deb"), signal);
    // It appears under its name only when it is whole.
    await writeFile(join(scratch, "kept"), serialize(kernel));
    await rename(join(scratch, "kept"), file);
    for (const other of await readdir(keptIn))
      if (join(keptIn, other) !== file) await rm(join(keptIn, other), { recursive: true, force: true });
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

/** Changes with the package, with the code that decides what is taken out of it, and with what reads the file. */
async function keptName(debSha256: string): Promise<string> {
  const hash = createHash("sha256").update(debSha256).update(process.versions.v8);
  for (const source of ["kernel.ts", "modules.ts", "vmlinux.ts"])
    hash.update(await readFile(join(import.meta.dirname, source)));
  return hash.digest("hex").slice(0, 16);
}

const changed = (what: string) => changedKernel(what, "kernel.ts");
