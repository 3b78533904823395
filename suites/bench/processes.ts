import { readFileSync } from "node:fs";
import type { Phases } from "../../harness/bench/figures.ts";
import { processorMs } from "../../runtime/machine/processor-time.ts";

/** User and system time of all of a process's threads, in milliseconds. */
export function spentMs(pid: number): number {
  const spent = processorMs(pid);
  if (spent === undefined) throw new Error(`process ${pid} is gone`);
  return spent;
}

/** Resident memory of a process, and its part of what it shares, in MB. */
export function memoryOf(pid: number): { resident: number; proportional: number } {
  const memory = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return { resident: megabytes(memory, "Rss"), proportional: megabytes(memory, "Pss") };
}

/** What the kernel calls kB are 1024 bytes. */
function megabytes(memory: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(memory)?.[1];
  if (kibibytes === undefined) throw new Error(`the kernel does not say the ${name}`);
  return (Number(kibibytes) * 1024) / 1e6;
}

/** What a QEMU's proportional memory is made of, in MB. */
export function partsOfMemory(pid: number): Phases {
  const parts = new Map<string, number>();
  let part = "";
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const [, access, path = ""] = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    if (access !== undefined) part = partOf(access, path);
    const [, kibibytes] = /^Pss: +(\d+) kB$/.exec(line) ?? [];
    if (kibibytes !== undefined) parts.set(part, (parts.get(part) ?? 0) + (Number(kibibytes) * 1024) / 1e6);
  }
  return [...parts].map(([name, value]) => ({ name, value })).toSorted((a, b) => b.value - a.value);
}

function partOf(access: string, path: string): string {
  if (path === "" && access.includes("x")) return "what an emulated processor runs, translated";
  if (path.startsWith("/memfd:")) return "the guest's memory: what it has written, and its part of the template";
  if (path.startsWith("/")) return "QEMU and its libraries";
  return "QEMU's own data";
}
