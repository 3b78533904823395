import { closeSync, openSync } from "node:fs";
import { waitForLock } from "../../runtime/linux/flock.mjs";

/** One builder per cache at a time. The kernel releases the lock with this process, however it ends. */
export async function lockCache(file: string, signal: AbortSignal): Promise<Disposable> {
  const fd = openSync(file, "a");
  try {
    await waitForLock(fd, { signal });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { [Symbol.dispose]: () => closeSync(fd) };
}
