import { readFileSync } from "node:fs";

/** The kernel counts processor time in hundredths of a second, on every Linux there is. */
const TICKS_PER_SECOND = 100;

/** User and system time of all of a process's threads, in milliseconds; undefined where there is no such process. */
export function processorMs(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // Its name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}
