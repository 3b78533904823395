import { chmodSync, constants, mkdirSync, readSync, statSync, writeSync } from "node:fs";
import type { Restriction } from "../../runtime/linux/mounts.ts";
import { openBeneath, type Place } from "../../runtime/linux/open-beneath.ts";
import { openRegularFile } from "../../runtime/linux/open-regular.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { MountProof } from "../../runtime/protocol/rpc.ts";
import { mounts } from "./kernel.ts";

/** Only root can list this; what a task sees of it is bound into its sandbox, under its own user. */
export const PRIVATE_ROOT = "/run/piwork";

/**
 * As much as the transport takes in one message. `mmap` keeps shared writable mappings working (SQLite, git) and still shows edits made
 * on the host; `none` and `loose` each fail at one of them. From Linux 6.4 on `mmap` no longer does: see docs/adr/0009.
 */
const OPTIONS_9P = "trans=virtio,version=9p2000.L,cache=mmap,msize=507904";

/** More than any token has. */
const TOKEN_BYTES = 1024;

const mounted = new Set<string>();

/** Directories that were proven, still open: to walk there again would take as long as the proof. */
const proven = new Map<string, Place>();

/** Makes what only root can list. */
export function preparePrivateRoot(): void {
  mkdirSync(PRIVATE_ROOT, { recursive: true });
  chmodSync(PRIVATE_ROOT, 0o711);
}

/** Where the share with this tag is mounted. */
function sharePath(tag: MountProof["tag"]): string {
  return `${PRIVATE_ROOT}/${tag}`;
}

/** Mounts a share, unless it is, and shows the host that both see the same directory: reads what it wrote there, and answers behind it. */
export async function proveShare({ tag, path, file, reply }: MountProof): Promise<void> {
  if (!mounted.has(tag)) {
    const target = sharePath(tag);
    mkdirSync(target, { recursive: true });
    const how = { type: "9p", flags: ["nosuid", "nodev"], options: OPTIONS_9P } as const;
    await refusable("mounting a share", mounts.mount(tag, target, how));
    mounted.add(tag);
  }
  const parts = path?.split("/") ?? [];
  const place = openBeneath(sharePath(tag), parts);
  try {
    answerProof(place, file, reply);
  } catch (cause) {
    place[Symbol.dispose]();
    console.error(`taskd: share ${tag}:`, cause);
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The share '${tag}' is mounted, but the machine cannot read and write in it.`,
    );
  }
  const key = keyOf(tag, parts);
  proven.get(key)?.[Symbol.dispose]();
  proven.set(key, place);
}

function answerProof(place: Place, file: string, reply: string): void {
  using shared = openRegularFile(place, file, constants.O_RDWR);
  if (shared === undefined) throw new Error("what the host wrote is not there");
  const read = Buffer.alloc(TOKEN_BYTES);
  const length = readSync(shared.fd, read);
  writeSync(shared.fd, `${read.toString("utf8", 0, length)}${reply}`);
}

/** Opens a directory of a share: the very one that was proven, if it was. */
export function openShared(tag: MountProof["tag"], parts: readonly string[]): Place {
  const key = keyOf(tag, parts);
  const place = proven.get(key);
  proven.delete(key);
  return place ?? openBeneath(sharePath(tag), parts);
}

/** Closes what was proven and not needed. */
export function closeProven(): void {
  for (const place of proven.values()) place[Symbol.dispose]();
  proven.clear();
}

function keyOf(tag: MountProof["tag"], parts: readonly string[]): string {
  return [tag, ...parts].join("/");
}

export async function unmountShares(): Promise<void> {
  closeProven();
  for (const tag of mounted) await unmount(`${PRIVATE_ROOT}/${tag}`);
  mounted.clear();
}

/**
 * The uid under which tasks can use their files: that of the runtime's user as the share shows it, which is another one
 * where QEMU runs without a user namespace.
 */
export function tasksOwner(): number {
  const { uid } = statSync(sharePath("tasks"));
  if (uid !== 0) return uid;
  throw new PiworkError(
    "TASK_BOOTSTRAP_FAILED",
    "The directory of the tasks belongs to root, and no task may be root. Run the runtime as an ordinary user.",
  );
}

/** Mounts a file system in memory that holds no more than this. */
export async function mountTmpfs(
  target: string,
  { bytes, files, owner, mode }: { bytes: number; files: number; owner: number; mode: string },
): Promise<void> {
  const bounds = `size=${bytes},nr_inodes=${files},uid=${owner},gid=${owner},mode=${mode}`;
  const how = { type: "tmpfs", flags: ["nosuid", "nodev"], options: bounds } as const;
  await refusable("mounting memory", mounts.mount("tmpfs", target, how));
}

/** Mounts terminals of a task's own: the kernel counts their memory for nobody, so their number is bounded. */
export async function mountTerminals(target: string): Promise<void> {
  const options = `newinstance,ptmxmode=0666,mode=0620,max=${LIMITS.taskTerminals}`;
  const how = { type: "devpts", flags: ["nosuid", "noexec"], options } as const;
  await refusable("mounting terminals", mounts.mount("devpts", target, how));
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
