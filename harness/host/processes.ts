import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mountsOf } from "../../runtime/linux/mountinfo.ts";
import { findPlaces } from "../../runtime/state/places.ts";
import { waitFor } from "./wait-for.ts";

/** TCP addresses that a process listens on, in its own network namespace, as the kernel lists them. */
export function listenersOf(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined; // closed meanwhile
      }
    }),
  );
  const LISTEN = "0A";
  const LOOPBACK = "0100007F";
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && sockets.has(fields[9]))
      .map((fields) => {
        const [address, port = ""] = fields[1]?.split(":") ?? [];
        return `${address === LOOPBACK ? "127.0.0.1" : address}:${Number.parseInt(port, 16)}`;
      }),
  );
}

/** The `NSpid`, `CapEff` and other lines of a process, by name. */
export function processStatus(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(":\t", 2) as [string, string]));
}

/** Whether a process is there and has not ended. */
export function isThere(pid: number): boolean {
  try {
    return !processStatus(pid)["State"]?.startsWith("Z");
  } catch {
    return false;
  }
}

/** Signals every process of a group, if there is one; `leader` is its first process. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (leader !== undefined) process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended by itself
  }
}

/** Processes whose ancestor is `pid`, itself included. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(entry), Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, "utf8"))?.[1]));
    } catch {
      // ended meanwhile
    }
  }
  const tree = [pid];
  for (const member of tree) for (const [child, parent] of parents) if (parent === member) tree.push(child);
  return tree;
}

/** Direct children of a process that run a program of this name. */
export function childrenNamed(pid: number, name: string): number[] {
  return processTree(pid)
    .slice(1)
    .filter((member) => {
      try {
        return processStatus(member)["Name"] === name && Number(processStatus(member)["PPid"]) === pid;
      } catch {
        return false; // ended meanwhile
      }
    });
}

/**
 * QEMUs whose sockets are in this directory or in one right below it, whoever their parent is by now: what else they see
 * differs between machines, and a machine that waits for its task sees nothing of a workspace.
 */
export function qemusWithSocketsIn(directory: string): number[] {
  const own = rootOf(directory);
  const isIn = (root: string) => root === own || dirname(root) === own;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) =>
      mountsOf(pid).some(({ root, target }) => target === "/sockets" && isIn(root.replace(/\/\/deleted$/, ""))),
    );
}

/** QEMUs of the runtime that has this state directory. */
export function qemusOf({ state }: { state: string }): number[] {
  return qemusWithSocketsIn(findPlaces({ state }).sockets);
}

/** A path of ours as the tables of mounts name it: within the file system that it is in. */
function rootOf(path: string): string {
  const real = existsSync(path) ? realpathSync(path) : path;
  const isAbove = (target: string) => target === "/" || real === target || real.startsWith(`${target}/`);
  const mount = mountsOf("self")
    .filter(({ target }) => isAbove(target))
    .sort((a, b) => a.target.length - b.target.length)
    .at(-1);
  return mount === undefined ? real : join(mount.root, relative(mount.target, real));
}

/** A shell loop that writes to a file as long as it lives, and the questions whether it does. */
export function heartbeat(path: string) {
  const size = () => {
    try {
      return statSync(path).size;
    } catch {
      return 0;
    }
  };
  /** whether it did not beat for a second; it beats ten times in one */
  const isStill = async () => {
    const before = size();
    await delay(1_000);
    return size() === before;
  };
  return {
    /** waits until it beats: the control without which "stopped" would prove nothing */
    async beats(): Promise<void> {
      const before = size();
      await waitFor(`a beat in ${path}`, 20_000, () => size() > before || undefined);
    },
    isStill,
    /** throws when it still beats after it should have stopped */
    async hasStopped(): Promise<void> {
      if (!(await isStill())) throw new Error(`${path} still grows: a process outlived its end`);
    },
  };
}

/** What runs a heartbeat: detached twice over, as a process that wants to survive would. */
export function heartbeatCommand(file: string): string {
  return `setsid sh -c 'trap "" TERM HUP; while :; do printf x >> ${file}; sleep 0.1; done' >/dev/null 2>&1 & `;
}
