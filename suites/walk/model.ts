import { isOpen, type TaskState } from "../../runtime/protocol/states.ts";

/** What must be true of one task. */
export interface ModelTask {
  id: string;
  state: TaskState;
  folder: string | null;
  /** the messages of its completed turns */
  said: string[];
  /** its last turn did not come to its end */
  hasLostTurn: boolean;
  /** the machine has something of it: an agent, or what outlived one */
  isInMachine: boolean;
}

/** What must be true of a runtime's tasks, kept beside it without looking at it. */
export class Model {
  readonly tasks = new Map<string, ModelTask>();
  active: string | null = null;

  task(id: string): ModelTask {
    const task = this.tasks.get(id);
    if (task === undefined) throw new Error(`the model has no task ${id}`);
    return task;
  }

  get open(): ModelTask[] {
    return [...this.tasks.values()].filter(({ state }) => isOpen(state));
  }

  /** Folders that are, hold or lie in the folder of another open task. */
  overlaps(id: string | undefined, folder: string): boolean {
    return [...this.tasks.values()].some(
      (other) =>
        (isOpen(other.state) || other.isInMachine) &&
        other.id !== id &&
        other.folder !== null &&
        (`${other.folder}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${other.folder}/`)),
    );
  }

  created(id: string, folder: string | null): void {
    this.tasks.set(id, { id, state: "ready", folder, said: [], hasLostTurn: false, isInMachine: true });
    this.switched(id);
  }

  switched(id: string): void {
    if (this.active !== null && this.active !== id) {
      const before = this.tasks.get(this.active);
      if (before?.state === "active") before.state = "idle";
    }
    this.active = id;
    const task = this.task(id);
    task.state = "active";
    task.isInMachine = true;
  }

  /** Something was asked of the task, which opens it. */
  reached(id: string): void {
    const task = this.task(id);
    task.isInMachine = true;
    if (isOpen(task.state)) return;
    if (id === this.active) task.state = "active";
    else task.state = "ready";
  }

  stopped(id: string): void {
    const task = this.task(id);
    task.state = "stopped";
    task.isInMachine = false;
  }

  deleted(id: string): void {
    this.tasks.delete(id);
    if (this.active === id) this.active = null;
  }

  /** The machine of a task that has one of its own ended, or that of all. */
  machineLost(of?: string): void {
    for (const task of this.tasks.values()) {
      if (of !== undefined && of !== task.id) continue;
      if (isOpen(task.state)) task.state = "errored";
      task.isInMachine = false;
    }
  }

  runtimeEnded(): void {
    for (const task of this.tasks.values()) {
      task.state = "stopped";
      task.isInMachine = false;
    }
  }
}
