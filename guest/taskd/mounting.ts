import { chmodSync, mkdirSync } from "node:fs";
import type { Mounts, Restriction } from "../../runtime/linux/mounts.ts";
import type { Place } from "../../runtime/linux/open-beneath.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { mounts } from "./kernel.ts";

/** Only root can list this; what a task sees of it is bound into its sandbox, under its own user. */
export const PRIVATE_ROOT = "/run/piwork";

/** Makes what only root can list. */
export function preparePrivateRoot(): void {
  mkdirSync(PRIVATE_ROOT, { recursive: true });
  chmodSync(PRIVATE_ROOT, 0o711);
}

/** Mounts a file system. `what` says what failed, where the kernel refuses. */
export async function mount(what: string, ...mounting: Parameters<Mounts["mount"]>): Promise<void> {
  await refusable(what, mounts.mount(...mounting));
}

/** Mounts a file system in memory that holds no more than this. */
export async function mountTmpfs(
  target: string,
  { bytes, files, owner, mode }: { bytes: number; files: number; owner: number; mode: string },
): Promise<void> {
  const bounds = `size=${bytes},nr_inodes=${files},uid=${owner},gid=${owner},mode=${mode}`;
  await mount("mounting memory", "tmpfs", target, { type: "tmpfs", flags: ["nosuid", "nodev"], options: bounds });
}

/** Mounts terminals of a task's own: the kernel counts their memory for nobody, so their number is bounded. */
export async function mountTerminals(target: string): Promise<void> {
  const options = `newinstance,ptmxmode=0666,mode=0620,max=${LIMITS.taskTerminals}`;
  await mount("mounting terminals", "devpts", target, { type: "devpts", flags: ["nosuid", "noexec"], options });
}

/** Shows an open place at `target`, and in the sandboxes that have it; by descriptor, so that no rename can put another directory there. */
export async function showPlace(place: Place, target: string, flags: readonly Restriction[] = []): Promise<void> {
  const source = `/proc/${process.pid}/fd/${place.fd}`;
  await refusable("binding a folder", mounts.show(source, target, ["nosuid", "nodev", ...flags]));
}

export async function unmount(target: string): Promise<void> {
  await refusable("unmounting", mounts.unmount(target));
}

async function refusable(what: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    console.error(`taskd: ${what}:`, error);
    throw new PiworkError("TASK_BOOTSTRAP_FAILED", `${what} failed in the machine; its console has the words.`);
  }
}
