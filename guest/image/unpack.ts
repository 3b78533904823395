import { ExecaError, execa } from "execa";
import { toolFailed, toolOptions } from "./tool.ts";

/**
 * Unpacks a package's files into `root` and runs none of its scripts. Existing links to directories stay links, which
 * is what puts `/bin/x` of a package below `/usr/bin`; a link of one package that leads out of `root` would do the same for the next,
 * so tar runs where it can write to `root` alone.
 */
export async function unpackDeb(
  deb: string,
  root: string,
  signal: AbortSignal,
  tarArgs: readonly string[] = [],
): Promise<void> {
  const confined = ["--unshare-all", "--new-session", "--die-with-parent", "--ro-bind", "/", "/", "--bind", root, root];
  const tar = ["tar", "-x", "-C", root, "--keep-directory-symlink", "--no-same-owner", "--no-same-permissions"];
  const reader = execa("dpkg-deb", ["--fsys-tarfile", deb], {
    ...toolOptions(signal),
    buffer: { stdout: false, stderr: true },
  });
  const unpacked = reader.pipe(
    "bwrap",
    [...confined, "--", ...tar, ...tarArgs],
    toolOptions(signal, { stdin: "pipe" }),
  );
  const [read, written] = await Promise.allSettled([reader, unpacked]);
  // Of two that fail, the one that merely found its pipe closed is not the cause.
  if (read.status === "rejected" && !onlyLostItsReader(read.reason)) throw toolFailed(read.reason);
  if (written.status === "rejected") throw toolFailed(written.reason);
}

const onlyLostItsReader = (error: unknown) =>
  error instanceof ExecaError &&
  (error.signal === "SIGPIPE" || /EPIPE|Broken pipe|Connection reset/i.test(error.message));
