import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { memoryWords } from "../../runtime/protocol/memory-words.ts";

const ROOT = "/sys/fs/cgroup";
const TASKS = `${ROOT}/tasks`;
const SUPERVISOR = `${ROOT}/supervisor`;
/** Time the kernel has to take memory into use that was added. It takes a tenth of a second for a GiB; with all cores busy, a second. */
const MEMORY_DEADLINE_MS = 60_000;
const CONTROLLERS = "+memory +pids +cpu";

/** Time the kernel has to bury what was killed in a group. */
const EMPTY_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 10;

/** memory of the machine before any was added, in bytes */
let memoryAtFirst = 0;

/** Puts taskd into a group of its own, which gets nearly all of the processor when it wants some, and beside it one for all tasks. */
export function prepareGroups(): void {
  for (const group of [SUPERVISOR, TASKS]) mkdirSync(group, { recursive: true });
  writeFileSync(`${SUPERVISOR}/cgroup.procs`, `${process.pid}`);
  for (const group of [ROOT, TASKS]) writeFileSync(`${group}/cgroup.subtree_control`, CONTROLLERS);
  writeFileSync(`${SUPERVISOR}/cpu.weight`, "10000");
  memoryAtFirst = totalMemory();
  boundMemory(TASKS, memoryForTasks(memoryAtFirst));
  writeFileSync(`${TASKS}/pids.max`, `${LIMITS.machineProcesses}`);
}

function totalMemory(): number {
  return Number(/^MemTotal: *(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
}

/** What all tasks may have together: the description of memory that was added lies in what is kept from them. */
function memoryForTasks(total: number): number {
  return Math.floor(total - LIMITS.supervisorMemoryBytes - (total - memoryAtFirst) / LIMITS.describedBytes);
}

/** Waits until the machine has this much memory for its tasks, in bytes: the host may have added some just now. */
export async function awaitMemory(bytes: number): Promise<void> {
  for (const deadline = performance.now() + MEMORY_DEADLINE_MS; ; await delay(LOOK_EVERY_MS)) {
    const there = memoryForTasks(totalMemory());
    if (there < bytes && performance.now() < deadline) continue;
    boundMemory(TASKS, there);
    if (there >= bytes) return;
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The task may have ${memoryWords(bytes)} of memory, and its machine has only ${memoryWords(there)} for it: what the host added was not taken into use within ${MEMORY_DEADLINE_MS / 1000} s.`,
    );
  }
}

function boundMemory(group: string, bytes: number): void {
  try {
    writeFileSync(`${group}/memory.max`, `${bytes}`, { flag: "r+" });
  } catch (cause) {
    throw layerRefused("memory", "memory.max", cause);
  }
}

/** A task's part of the processor, beside that of any other. */
export const CPU_WEIGHT = 100;

/** The files of the kernel that bound a group, and the layer that each of them is. */
const BOUNDS: readonly { layer: TaskLayer; file: string; value: number }[] = [
  { layer: "memory", file: "memory.max", value: LIMITS.taskMemoryBytes },
  { layer: "processes", file: "pids.max", value: LIMITS.taskProcesses },
  { layer: "cpu", file: "cpu.weight", value: CPU_WEIGHT },
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
      throw layerRefused(BOUNDS.map(({ layer }) => layer).join("', '"), this.directory, cause);
    }
    for (const { layer, file, value } of BOUNDS) {
      try {
        // Not made where the controller is missing: that would be a file of nobody.
        writeFileSync(`${this.directory}/${file}`, `${value}`, { flag: "r+" });
      } catch (cause) {
        rmdirSync(this.directory);
        throw layerRefused(layer, file, cause);
      }
    }
  }

  setMemory(bytes: number): void {
    boundMemory(this.directory, bytes);
  }

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

/** What a task is refused with whose walls cannot be built. `part` is what of the layer the kernel did not take. */
export function layerRefused(layer: string, part?: string, cause?: unknown): PiworkError {
  const what = part === undefined ? "" : ` (${part})`;
  return new PiworkError(
    "TASK_BOOTSTRAP_FAILED",
    `The walls around the task could not be built: the layer '${layer}'${what} was refused by the machine's kernel.`,
    { cause },
  );
}
