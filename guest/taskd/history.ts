import { LIMITS } from "../../runtime/protocol/limits.ts";
import { TASK_TRANSITIONS, type TaskState, type Transition } from "../../runtime/protocol/states.ts";

/** The last state changes of this machine's tasks. */
export class History {
  readonly #transitions: Transition[] = [];

  get last(): Transition[] {
    return [...this.#transitions];
  }

  add(taskId: string, from: TaskState, to: TaskState, why: string): void {
    if (!TASK_TRANSITIONS[from].includes(to)) console.error(`taskd: task ${taskId} must not go from ${from} to ${to}`);
    this.#transitions.push({ at: Date.now(), of: taskId, from, to, why: why.slice(0, 300) });
    if (this.#transitions.length > LIMITS.history) this.#transitions.shift();
  }
}
