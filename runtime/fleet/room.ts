import { readFileSync } from "node:fs";
import type { Machine } from "../machine/machine.ts";
import { ADDABLE_MEMORY_MB, MACHINE_MEMORY_MB, machineMemoryMb } from "../machine/template.ts";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { memoryWords } from "../protocol/memory-words.ts";

/** Memory of the host that stays free, in MiB, beside what its machines could use at most. */
export const RESERVE_MB = 512;

const MIB = 1024 ** 2;

type Counted = Pick<Machine, "memoryMb" | "pid" | "state">;

/** What the host has left for machines: what is available, less what those that run were promised and have not used yet. */
export class Room {
  readonly #machines: () => readonly Counted[];
  readonly #availableMb: () => number;
  #promisedMb = 0;

  constructor(machines: () => readonly Counted[], availableMb = () => hostMemoryMb("MemAvailable")) {
    this.#machines = machines;
    this.#availableMb = availableMb;
  }

  has(memoryMb: number): boolean {
    return memoryMb <= 0 || this.#availableMb() - this.#owedMb - RESERVE_MB >= memoryMb;
  }

  /** Counts a machine that is about to be started, until that is one of the machines. */
  promise(memoryMb: number): Disposable {
    this.#promisedMb += memoryMb;
    const isThere = () => {
      this.#promisedMb -= memoryMb;
    };
    return { [Symbol.dispose]: isThere };
  }

  /** What a machine that rests will be owed when it goes on, in MiB; one that runs is owed that already. */
  unpromised(machine: Counted): number {
    return machine.state === "paused" ? unusedMb(machine) : 0;
  }

  /** What there is, for a person. */
  get words(): string {
    return `It has ${this.#availableMb()} MiB left, of which ${this.#owedMb} are promised to the ${this.#machines().length} machines that are there`;
  }

  /** One that rests is owed nothing: room is made for it when it goes on, and it is ended where another needs the memory. */
  get #owedMb(): number {
    const running = this.#machines().filter(({ state }) => state !== "paused");
    return Math.round(running.reduce((sum, machine) => sum + unusedMb(machine), this.#promisedMb));
  }
}

/** Refuses what no machine, or not this host, can ever give to all tasks of a machine. */
export function assertHostHas(tasksBytes: number, totalMb = hostMemoryMb("MemTotal")): void {
  if (machineMemoryMb(tasksBytes) > MACHINE_MEMORY_MB + ADDABLE_MEMORY_MB) {
    const most = LIMITS.mostTaskMemoryBytes;
    throw new PiworkError(
      "LIMIT_EXCEEDED",
      `The tasks of one machine can have ${memoryWords(most)} of memory together, and ${memoryWords(tasksBytes)} were asked for. With --isolation shared a machine has memory for two tasks, so --memory is ${memoryWords(most / 2)} at most; with --isolation vm it is ${memoryWords(most)}.`,
    );
  }
  const neededMb = machineMemoryMb(tasksBytes) + RESERVE_MB;
  if (neededMb <= totalMb) return;
  throw new PiworkError(
    "LIMIT_EXCEEDED",
    `${memoryWords(tasksBytes)} of memory for tasks take a machine of ${memoryWords(machineMemoryMb(tasksBytes) * MIB)}, and ${RESERVE_MB} MiB stay free; this host has ${totalMb} MiB in all. Ask for less with --memory.`,
  );
}

function hostMemoryMb(field: "MemAvailable" | "MemTotal"): number {
  return Math.floor(readKb("/proc/meminfo", field) / 1024);
}

/** What a machine could use beyond what it uses, in MiB. */
function unusedMb({ memoryMb, pid }: Counted): number {
  // Beside its own memory a QEMU has the template, which all have together.
  return Math.max(0, memoryMb - (processMemoryKb(pid, "RssAnon") ?? 0) / 1024);
}

/** A field of what the kernel tells of a process's memory, in KiB; undefined where it has just ended. */
export function processMemoryKb(pid: number | undefined, field: "RssAnon" | "VmRSS"): number | undefined {
  if (pid === undefined) return undefined;
  try {
    return readKb(`/proc/${pid}/status`, field);
  } catch {
    return undefined;
  }
}

function readKb(file: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1] ?? 0);
}
