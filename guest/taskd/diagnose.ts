import { readFileSync, statSync } from "node:fs";
import type { Result } from "../../runtime/protocol/rpc.ts";

type Diagnosis = Result<"runtime_diag">;

/** Facts of this machine, read from its kernel, and of taskd. */
export function diagnose(port: string, known: Pick<Diagnosis, "events" | "history" | "walls">): Diagnosis {
  const { uid, mode } = statSync(port);
  const memory = readFileSync("/proc/meminfo", "utf8");
  const kilobytes = (field: string) => Number(new RegExp(`^${field}: *(\\d+) kB`, "m").exec(memory)?.[1] ?? 0);
  return {
    monotonicMs: performance.now(),
    wallMs: Date.now(),
    kernel: readFileSync("/proc/sys/kernel/osrelease", "utf8").trim(),
    node: process.version,
    clocksource: readFileSync("/sys/devices/system/clocksource/clocksource0/current_clocksource", "utf8").trim(),
    port: { uid, mode: (mode & 0o7777).toString(8) },
    memoryTotalKb: kilobytes("MemTotal"),
    memoryAvailableKb: kilobytes("MemAvailable"),
    taskdResidentKb: Math.round(process.memoryUsage.rss() / 1024),
    taskdPeakKb: process.resourceUsage().maxRSS,
    ...known,
    mounts: readFileSync("/proc/self/mounts", "utf8")
      .trim()
      .split("\n")
      .slice(0, 256)
      .map((line) => {
        const [, target = "", type = "", options = ""] = line.split(" ");
        return { target: target.slice(0, 256), type: type.slice(0, 64), options: options.slice(0, 1024) };
      }),
  };
}
