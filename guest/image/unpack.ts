import { execa } from "execa";
import { toolFailed, toolOptions } from "./tool.ts";

/**
 * Unpacks a package's files into `root` and runs none of its scripts. Existing links to directories stay links, which
 * is what puts `/bin/x` of a package below `/usr/bin`.
 */
export async function unpackDeb(
  deb: string,
  root: string,
  signal: AbortSignal,
  tarArgs: readonly string[] = [],
): Promise<void> {
  const args = ["-x", "-C", root, "--keep-directory-symlink", "--no-same-owner", "--no-same-permissions", ...tarArgs];
  try {
    await execa("dpkg-deb", ["--fsys-tarfile", deb], {
      ...toolOptions(signal),
      encoding: "buffer",
      buffer: false,
    }).pipe("tar", args, toolOptions(signal, { stdin: "pipe" }));
  } catch (error) {
    throw toolFailed(error);
  }
}
