import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "./piwork.ts";

/** TCP ports that a process listens on, in its own network namespace, as the kernel lists them. */
export function listeningPorts(pid: number): number[] {
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
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && sockets.has(fields[9]))
      .map((fields) => Number.parseInt(fields[1]?.split(":")[1] ?? "", 16)),
  );
}

/** The `NSpid`, `CapEff` and other lines of a process, by name. */
export function processStatus(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(":\t", 2) as [string, string]));
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

/** QEMUs that export this directory, whoever their parent is by now. */
export function qemusExporting(directory: string): number[] {
  const { dev, ino } = statSync(directory);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const exported = statSync(`/proc/${pid}/root/export/workspace`);
        return exported.dev === dev && exported.ino === ino;
      } catch {
        return false; // it has no such directory, or has ended
      }
    });
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
