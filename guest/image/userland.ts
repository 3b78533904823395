import { chmod, lstat, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { writeAccounts } from "./accounts.ts";
import { makeAlternatives } from "./alternatives.ts";
import { compilePython } from "./python.ts";
import { StepError } from "./step-error.ts";
import { unpackDeb } from "./unpack.ts";

/** Read by people, not by programs. `usr/lib/locale` stays: C.UTF-8 is in there. */
const DOCUMENTATION = ["bash-completion", "bug", "doc", "doc-base", "info", "lintian", "locale", "man", "zsh"];

/** Large, and no part of compiling a program: it shows what is in the objects of a compiler that optimizes when it links. */
const UNUSED_PROGRAMS = ["x86_64-linux-gnu-lto-dump-14", "lto-dump-14"];

/** Unpacks the packages into `root` and does what their install scripts would have done. */
export async function makeUserland(root: string, debs: readonly string[], signal: AbortSignal): Promise<void> {
  for (const folder of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", folder), { recursive: true });
    await symlink(`usr/${folder}`, join(root, folder));
  }
  const excluded = [
    ...DOCUMENTATION.map((folder) => `--exclude=./usr/share/${folder}`),
    ...UNUSED_PROGRAMS.map((program) => `--exclude=./usr/bin/${program}`),
  ];
  for (const deb of debs) await unpackDeb(deb, root, signal, ["--anchored", ...excluded]);
  await writeAccounts(root);
  await makeAlternatives(root);
  await compilePython(root, signal);
}

/**
 * Gives everything one of three modes. No setuid or setgid bit survives, and neither the builder's umask nor its user
 * shows in the image.
 */
export async function settleModes(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) await settleModes(path);
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o111 ? 0o755 : 0o644);
    else
      throw new StepError(
        `a package brings ${path}, which is no file, directory or link`,
        "Take that package off the list.",
      );
  }
}
