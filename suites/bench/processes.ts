import { readFileSync } from "node:fs";
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
