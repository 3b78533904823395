import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Place } from "../../runtime/protocol/open-beneath.ts";
import type { MountProof } from "../../runtime/protocol/rpc.ts";
import { unmount as detach, mount } from "./kernel.ts";

/** Only root can list this; what a task sees of it is bound into its sandbox, under its own user. */
export const PRIVATE_ROOT = "/run/piwork";

/** `mmap` keeps shared writable mappings working (SQLite, git) and still shows edits made on the host; `none` and `loose` each fail at one of them. */
const OPTIONS_9P = "trans=virtio,version=9p2000.L,cache=mmap,msize=524288";

const mounted = new Set<string>();

/** Where the share with this tag is mounted. */
export function sharePath(tag: MountProof["tag"]): string {
  return `${PRIVATE_ROOT}/${tag}`;
}

/** Mounts a share, and shows the host that both see the same files: reads what it wrote, answers beside it. */
export async function proveShare(proof: MountProof): Promise<{ tag: string; read: string }> {
  const path = sharePath(proof.tag);
  if (!mounted.has(proof.tag)) {
    mkdirSync(PRIVATE_ROOT, { recursive: true, mode: 0o711 });
    mkdirSync(path, { recursive: true });
    await refusable("mounting a share", mount(proof.tag, path, "9p", ["nosuid", "nodev"], OPTIONS_9P));
    mounted.add(proof.tag);
  }
  try {
    const read = readFileSync(`${path}/${proof.file}`, "utf8").slice(0, 64);
    writeFileSync(`${path}/${proof.file}.reply`, proof.reply, { flag: "wx" });
    return { tag: proof.tag, read };
  } catch (cause) {
    console.error(`taskd: share ${proof.tag}:`, cause);
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The share '${proof.tag}' is mounted, but the machine cannot read and write in it.`,
    );
  }
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
  await refusable("mounting memory", mount("tmpfs", target, "tmpfs", ["nosuid", "nodev"], bounds));
}

/** Mounts terminals of a task's own: the kernel counts their memory for nobody, so their number is bounded. */
export async function mountTerminals(target: string): Promise<void> {
  const options = `newinstance,ptmxmode=0666,mode=0620,max=${LIMITS.taskTerminals}`;
  await refusable("mounting terminals", mount("devpts", target, "devpts", ["nosuid", "noexec"], options));
}

/** Mounts an open place over `target`; by descriptor, so that no rename can put another directory there. */
export async function bindPlace(place: Place, target: string): Promise<void> {
  // First private, then shared: what is mounted over it later shows in the sandboxes that have it, and not in what it was bound from.
  const source = `/proc/${process.pid}/fd/${place.fd}`;
  await refusable("binding a folder", mount(source, target, "", ["bind"]));
  for (const propagation of ["private", "shared"] as const)
    await refusable("sharing a mount", mount("", target, "", [propagation]));
}

export async function unmount(target: string): Promise<void> {
  await refusable("unmounting", detach(target));
}

async function refusable(what: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    console.error(`taskd: ${what}:`, error);
    throw new PiworkError("TASK_BOOTSTRAP_FAILED", `${what} failed in the machine; its console has the words.`);
  }
}
