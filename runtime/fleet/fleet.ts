import type { Machine, MachineObserver } from "../machine/machine.ts";
import type { PiworkError } from "../protocol/errors.ts";
import type { AgentKind } from "../protocol/kinds.ts";
import type { FilePlaces, FilesPath } from "../workspace/files.ts";
import type { MachineSource } from "./source.ts";

export interface FleetParts {
  source: MachineSource;
  files: FilesPath;
  places: FilePlaces;
  agent: AgentKind;
  /** what all processes of a task may use, in bytes */
  memoryOf(task: string): number;
  observe(id: string): MachineObserver;
  /** a machine that ran has ended by itself, and with it whatever ran of these tasks; `undefined` means all there are */
  lost(machine: Machine, reason: PiworkError, tasks: readonly string[] | undefined): void;
  /** whether a turn is under way in one of these tasks; `undefined` means all there are */
  isBusy(tasks: readonly string[] | undefined): boolean;
}

/** A machine, and the task that it belongs to; null where it belongs to all, or to none yet. */
export interface Present {
  machine: Machine;
  task: string | null;
}

/** The machines of a runtime, and which of them each task is in. */
export interface Fleet {
  /** Has a machine ready for the first task. */
  prepare(): Promise<void>;
  /** Every machine there is, also one that waits for a task. */
  readonly machines: readonly Present[];
  /** The machine that a task is in, if any. */
  machineOf(task: string): Machine | undefined;
  /** The machine of a task, which is started where there is none. */
  enter(task: string): Promise<Machine>;
  /** Wakes a machine that rests, to look at it; where the host has no memory for that, it rests on and gives the reason. */
  wake(machine: Machine): string | undefined;
  /** The task is open there, and has taken what was ready for it. */
  opened(task: string): void;
  /** The task is not in its machine any more. */
  leave(task: string): Promise<void>;
  stop(): Promise<void>;
}
