import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelModule, NEEDED_MODULES, orderModules } from "./modules.ts";
import { StepError } from "./step-error.ts";
import { unpackDeb } from "./unpack.ts";
import { extractVmlinux } from "./vmlinux.ts";

export interface Kernel {
  /** As `uname -r` says it in the guest. */
  release: string;
  vmlinux: Buffer;
  /** In the order in which they load. */
  modules: KernelModule[];
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
  await unpackDeb(deb, scratch, signal, ["--wildcards", "./boot/vmlinuz-*", "./lib/modules/*.ko"]).catch(
    (error: Error) => {
      if (/Not found in archive/.test(error.message))
        throw changed("the package has no boot/vmlinuz-* or no lib/modules/*.ko");
      throw error;
    },
  );
  const releases = await readdir(join(scratch, "lib/modules"));
  const release = releases[0];
  if (release === undefined || releases.length > 1) throw changed("not exactly one directory below lib/modules");
  const vmlinuz = await readFile(join(scratch, "boot", `vmlinuz-${release}`)).catch(() => {
    throw changed(`there is no boot/vmlinuz-${release} that belongs to the modules`);
  });
  const files = await readdir(join(scratch, "lib/modules", release), { recursive: true });
  const paths = files.filter((file) => file.endsWith(".ko")).map((file) => join(scratch, "lib/modules", release, file));
  return {
    release,
    vmlinux: await extractVmlinux(vmlinuz, signal),
    modules: await orderModules(NEEDED_MODULES, paths),
  };
}

/** Changes with the package and with the code that decides what is taken out of it. */
async function keptName(debSha256: string): Promise<string> {
  const hash = createHash("sha256").update(debSha256);
  for (const source of ["kernel.ts", "modules.ts", "vmlinux.ts"])
    hash.update(await readFile(join(import.meta.dirname, source)));
  return hash.digest("hex").slice(0, 16);
}

async function keep({ release, vmlinux, modules }: Kernel, dir: string): Promise<void> {
  await mkdir(join(dir, "modules"), { recursive: true });
  await writeFile(join(dir, "release"), release);
  await writeFile(join(dir, "vmlinux"), vmlinux);
  for (const [index, { name, content }] of modules.entries())
    await writeFile(join(dir, "modules", `${String(index).padStart(2, "0")}-${name}`), content);
}

/** A directory of that name is whole: it was renamed into its place. */
async function readKept(dir: string): Promise<Kernel | undefined> {
  const files = await readdir(join(dir, "modules")).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return (
    files && {
      release: await readFile(join(dir, "release"), "utf8"),
      vmlinux: await readFile(join(dir, "vmlinux")),
      modules: await Promise.all(
        files
          .sort()
          .map(async (file) => ({ name: file.slice(3), content: await readFile(join(dir, "modules", file)) })),
      ),
    }
  );
}

const changed = (what: string) =>
  new StepError(
    `changed kernel layout: ${what}`,
    "This builder knows Debian 12's kernel packages; see guest/image/kernel.ts.",
  );
