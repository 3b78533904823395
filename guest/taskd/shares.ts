import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Place } from "../../runtime/protocol/open-beneath.ts";
import type { MountProof } from "../../runtime/protocol/rpc.ts";

/** Only root can list this; what a task sees of it is bound into its sandbox, under its own user. */
export const PRIVATE_ROOT = "/run/piwork";

/** `mmap` keeps shared writable mappings working (SQLite, git) and still shows edits made on the host; `none` and `loose` each fail at one of them. */
const OPTIONS_9P = "trans=virtio,version=9p2000.L,cache=mmap,msize=524288,nosuid,nodev";

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
    await mountTool("mount", ["-t", "9p", "-o", OPTIONS_9P, proof.tag, path]);
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
  await mountTool("mount", ["-t", "tmpfs", "-o", `nosuid,nodev,${bounds}`, "tmpfs", target]);
}

/** Mounts terminals of a task's own: the kernel counts their memory for nobody, so their number is bounded. */
export async function mountTerminals(target: string): Promise<void> {
  const options = `nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,max=${LIMITS.taskTerminals}`;
  await mountTool("mount", ["-t", "devpts", "-o", options, "devpts", target]);
}

/** Mounts an open place over `target`; by descriptor, so that no rename can put another directory there. */
export async function bindPlace(place: Place, target: string): Promise<void> {
  // First private, then shared: what is mounted over it later shows in the sandboxes that have it, and not in what it was bound from.
  await mountTool("mount", ["--bind", "--make-private", "--make-shared", "/proc/self/fd/3", target], place.fd);
}

export async function unmount(target: string): Promise<void> {
  await mountTool("umount", ["--lazy", target]);
}

/** `fd` becomes descriptor 3 of the tool. */
async function mountTool(tool: "mount" | "umount", args: string[], fd?: number): Promise<void> {
  const child = spawn(tool, ["--no-canonicalize", ...args], {
    stdio: ["ignore", "ignore", "pipe", ...(fd === undefined ? [] : [fd])],
    env: { PATH: "/usr/bin:/usr/sbin" },
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
  const [words, code] = await Promise.all([child.stderr === null ? "" : text(child.stderr), ended]);
  if (code === 0) return;
  console.error(`taskd: ${tool} ${args.join(" ")}: ${words.trim()}`);
  throw new PiworkError("TASK_BOOTSTRAP_FAILED", `${tool} failed in the machine; its console has the words.`);
}
