import { randomUUID } from "node:crypto";
import { readdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";

/** Directories of a machine, of its rehearsal, of a template that is made, and of the question whether KVM works. */
const LEFT = /^(?:(?:rehearsal-)?machine-\d+|rehearsal|template|probe-(?:kvm|tcg))$/;
/** How a directory of sockets is called while it is removed. */
const ASIDE = "left-";
/** Time for which the end of a machine waits until its sockets are removed, in milliseconds. */
const PATIENCE_MS = 3_000;

type Failed = (error: unknown) => void;

/** Removes what machines left whose runtime was killed: they ended with it, and nobody was left to remove their sockets. */
export async function removeLeftSockets(
  sockets: string,
  warn: (message: string, facts: Record<string, unknown>) => void,
): Promise<void> {
  const left = readdirSync(sockets).filter((name) => LEFT.test(name) || name.startsWith(ASIDE));
  const failed = (id: string) => (error: unknown) =>
    warn("sockets of a machine whose runtime was killed could not be removed", { id, error });
  await Promise.all(left.map((id) => removeSockets(join(sockets, id), failed(id))));
}

/**
 * Takes the directory of a machine's sockets away at once, so that there can be another one, and removes what is in it. QEMU can
 * write there: what takes long goes on after this has resolved, and where this runtime ends before, the next one goes on.
 */
export async function removeSockets(directory: string, failed: Failed): Promise<void> {
  const aside = join(dirname(directory), `${ASIDE}${randomUUID()}`);
  try {
    renameSync(directory, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") failed(error);
    return;
  }
  await new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, PATIENCE_MS);
    const end = () => {
      clearTimeout(patience);
      resolve();
    };
    removeApart(aside).catch(failed).then(end);
  });
}

/** By other processes: 100 000 files would hold the runtime up for a minute. */
async function removeApart(directory: string): Promise<void> {
  const run = (program: string, ...words: string[]) => {
    const child = execa(program, [...words, "--", directory], { stdio: "ignore", reject: false });
    child.unref(); // a runtime that has nothing else to do ends, and this with it
    return child;
  };
  if (!(await run("/bin/rm", "-rf")).failed) return;
  // A directory may be closed to its owner. QEMU has ended: nobody swaps it for a link.
  await run("/bin/chmod", "-R", "u+rwx");
  const { failed, shortMessage } = await run("/bin/rm", "-rf");
  if (failed) throw new Error(shortMessage);
}
