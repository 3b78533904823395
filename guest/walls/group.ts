import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";

const ROOT = "/sys/fs/cgroup";
const TASKS = `${ROOT}/tasks`;
const SUPERVISOR = `${ROOT}/supervisor`;
const CONTROLLERS = "+memory +pids +cpu";

/** Time the kernel has to bury what was killed in a group. */
const EMPTY_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 10;

/** Puts taskd into a group of its own, which gets nearly all of the processor when it wants some, and beside it one for all tasks. */
export function prepareGroups(): void {
  for (const group of [SUPERVISOR, TASKS]) mkdirSync(group, { recursive: true });
  writeFileSync(`${SUPERVISOR}/cgroup.procs`, `${process.pid}`);
  for (const group of [ROOT, TASKS]) writeFileSync(`${group}/cgroup.subtree_control`, CONTROLLERS);
  writeFileSync(`${SUPERVISOR}/cpu.weight`, "10000");
  const total = Number(/^MemTotal: *(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
  writeFileSync(`${TASKS}/memory.max`, `${total - LIMITS.supervisorMemoryBytes}`);
  writeFileSync(`${TASKS}/pids.max`, `${LIMITS.machineProcesses}`);
}

/** The files of the kernel that bound a group, and the layer that each of them is. */
const BOUNDS: readonly { layer: TaskLayer; file: string; value: number }[] = [
  { layer: "memory", file: "memory.max", value: LIMITS.taskMemoryBytes },
  { layer: "processes", file: "pids.max", value: LIMITS.taskProcesses },
  { layer: "cpu", file: "cpu.weight", value: 100 },
];

/** The control group of one task: what it may use of the machine, and a way to end every process of it. */
export class Group {
  readonly directory: string;

  /** Throws, naming the layer, where a bound cannot be set. */
  constructor(name: string) {
    this.directory = `${TASKS}/${name}`;
    try {
      mkdirSync(this.directory, { recursive: true });
    } catch (cause) {
      throw refused(BOUNDS.map(({ layer }) => layer).join("', '"), this.directory, cause);
    }
    for (const { layer, file, value } of BOUNDS) {
      try {
        // Not made where the controller is missing: that would be a file of nobody.
        writeFileSync(`${this.directory}/${file}`, `${value}`, { flag: "r+" });
      } catch (cause) {
        rmdirSync(this.directory);
        throw refused(layer, file, cause);
      }
    }
  }

  /** Processes in it. */
  get processes(): number {
    return readFileSync(`${this.directory}/cgroup.procs`, "utf8").split("\n").filter(Boolean).length;
  }

  /** Ends every process in it, and it. */
  async remove(): Promise<void> {
    if (!existsSync(this.directory)) return;
    writeFileSync(`${this.directory}/cgroup.kill`, "1");
    for (const deadline = performance.now() + EMPTY_DEADLINE_MS; ; await delay(LOOK_EVERY_MS)) {
      try {
        return rmdirSync(this.directory);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY" || performance.now() > deadline) throw error;
      }
    }
  }
}

function refused(layer: string, what: string, cause: unknown): PiworkError {
  return new PiworkError(
    "TASK_BOOTSTRAP_FAILED",
    `The walls around the task could not be built: the layer '${layer}' (${what}) was refused by the machine's kernel.`,
    { cause },
  );
}
