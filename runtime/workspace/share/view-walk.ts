import { statSync } from "node:fs";
import { type KernelCalls, KernelRefusal, OPENED } from "../../linux/kernel-calls.ts";
import { openBeneath, PLACE, printable } from "../../linux/open-beneath.ts";
import { type PiworkError, policyViolation } from "../../protocol/errors.ts";

const [SYS_OPEN, SYS_CLOSE, SYS_OPENAT2] = [2, 3, 437];
const [RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH] = [2, 4, 8];
const O_CLOEXEC = 0o2000000;
const EINVAL = 22;

/** Linux's `struct open_how`: flags, mode, and how a path is resolved. */
const OPEN_HOW = Buffer.alloc(24);
OPEN_HOW.writeUInt32LE(PLACE | O_CLOEXEC, 0);
OPEN_HOW.writeUInt32LE(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, 16);

/**
 * Has the process behind `kernel`, which has a view of the host's files of its own, open the directory that leads from `root` down
 * `parts`, and gives `use` the number of its descriptor. That process walks by itself: a mount can only be made of a directory of
 * its own view, and the kernel lets no process of a child user namespace follow a descriptor of one outside. The directory has to
 * be the one that this process reaches.
 */
export async function openInView(
  kernel: KernelCalls,
  root: string,
  parts: readonly string[],
  use: (descriptor: number) => Promise<void>,
): Promise<void> {
  using place = openBeneath(root, parts);
  const path = parts.join("/");
  const walk = kernel.sequence([
    [SYS_OPEN, root, PLACE | O_CLOEXEC],
    [SYS_OPENAT2, OPENED, path, OPEN_HOW, OPEN_HOW.length],
  ]);
  const descriptor = await walk.catch((error) => {
    throw error instanceof KernelRefusal ? replaced(path, error) : error;
  });
  try {
    if (identify(`/proc/${kernel.pid}/fd/${descriptor}`) !== identify(place.path)) throw replaced(path);
    await use(descriptor);
  } catch (error) {
    throw error instanceof KernelRefusal && error.errno === EINVAL ? hasMounts(path, error) : error;
  } finally {
    await kernel.call(SYS_CLOSE, descriptor);
  }
}

/** What a path leads to, whatever its name: device and inode. */
function identify(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function replaced(path: string, cause?: KernelRefusal): PiworkError {
  return policyViolation(`'${printable(path)}' was moved or replaced while it was being opened; try again.`, cause);
}

/** In a user namespace, the kernel shows no directory without the file systems that are mounted below it. */
function hasMounts(path: string, cause: KernelRefusal): PiworkError {
  return policyViolation(
    `Another file system is mounted below '${printable(path)}', which an ordinary user cannot leave out of a task's folder. Unmount it, or choose a folder without one.`,
    cause,
  );
}
