import type { TaskRecord } from "../api/record.ts";
import { PiworkError } from "../protocol/errors.ts";
import { TASK_TRANSITIONS, type TaskState } from "../protocol/states.ts";
import { stateFailure } from "../state/whole-file.ts";
import type { Records } from "./records.ts";

export interface BookParts {
  records: Records;
  /** request id of the last turn that is in a task's session file */
  lastSavedTurn(id: string): string | undefined;
  changed(id: string, from: TaskState, to: TaskState, why: string): void;
  warn(message: string, facts: Record<string, unknown>): void;
}

/** Every task this host knows, with its state; what changes is written down. */
export class TaskBook {
  readonly #parts: BookParts;
  readonly #records = new Map<string, TaskRecord>();
  /** sentences about files that could not be read when the runtime started */
  readonly broken: readonly string[];
  #activeId: string | null = null;
  #isWritten = true;

  constructor(parts: BookParts) {
    this.#parts = parts;
    const { records, broken } = parts.records.readAll();
    this.broken = broken.map(({ message }) => message);
    for (const { message, cause } of broken) parts.warn(message, { cause });
    for (const record of records) this.#keep(this.#asFound(record));
    const active = parts.records.readActive();
    if (active !== undefined && this.#records.has(active)) this.#activeId = active;
  }

  /** Nothing runs yet, whatever was true when the last runtime ended; a turn that ran then is lost, unless its session has it. */
  #asFound(record: TaskRecord): TaskRecord {
    const { turn } = record;
    const stopped: TaskRecord = { ...record, state: "stopped", turn: null };
    if (turn === null || this.#parts.lastSavedTurn(record.id) === turn.id) return stopped;
    return { ...stopped, lostTurn: { ...turn, why: "The runtime ended while it ran." } };
  }

  get activeId(): string | null {
    return this.#activeId;
  }

  /** False while the last change could not be written: the disk may be full. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  list(): TaskRecord[] {
    return [...this.#records.values()];
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  /** The task a caller means: the named one, or the active one. */
  find(id: string | undefined): TaskRecord {
    const wanted = id ?? this.#activeId;
    if (wanted === null)
      throw new PiworkError(
        "TASK_NOT_FOUND",
        "No task is active; create one with 'piwork task create TITLE', or switch to one with 'piwork task switch ID'.",
      );
    const record = this.#records.get(wanted);
    if (record === undefined)
      throw new PiworkError("TASK_NOT_FOUND", `There is no task '${wanted}'; 'piwork task list' shows them.`);
    return record;
  }

  /** Writes a change down before it counts; refuses it where that is not possible. */
  commit(record: TaskRecord, doing: string): TaskRecord {
    try {
      this.#parts.records.write(record);
    } catch (error) {
      throw stateFailure(error, doing);
    }
    const before = this.#records.get(record.id)?.state ?? "missing";
    this.#records.set(record.id, record);
    if (before !== record.state) this.#parts.changed(record.id, before, record.state, doing);
    return record;
  }

  /** Notes what has happened already: it counts even where it cannot be written. */
  note(id: string, changes: Partial<TaskRecord>): void {
    this.#keep({ ...this.find(id), ...changes });
  }

  /** The turn in flight is over; with a reason, it is lost, unless the session has it all the same. */
  endTurn(id: string, failure: string | undefined): void {
    const { turn } = this.find(id);
    if (turn === null) return;
    const isLost = failure !== undefined && this.#parts.lastSavedTurn(id) !== turn.id;
    this.note(id, { turn: null, lostTurn: isLost ? { ...turn, why: failure.slice(0, 500) } : null });
  }

  become(id: string, state: TaskRecord["state"], why: string): void {
    const { state: from } = this.find(id);
    if (from === state) return;
    if (!TASK_TRANSITIONS[from].includes(state))
      this.#parts.warn("a task changed its state in a way it should not", { task: id, from, to: state, why });
    this.#keep({ ...this.find(id), state });
    this.#parts.changed(id, from, state, why);
  }

  activate(id: string): void {
    const before = this.#activeId;
    if (before !== null && before !== id && this.#records.get(before)?.state === "active")
      this.become(before, "idle", `${id} became the active task`);
    this.#activeId = id;
    if (before !== id) this.#write(() => this.#parts.records.writeActive(id), id);
    this.become(id, "active", "switched to");
  }

  forget(id: string): void {
    const { state } = this.find(id);
    this.#records.delete(id);
    if (this.#activeId === id) this.#activeId = null;
    this.#parts.changed(id, state, "missing", "deleted");
  }

  #keep(record: TaskRecord): void {
    this.#records.set(record.id, record);
    this.#write(() => this.#parts.records.write(record), record.id);
  }

  #write(write: () => void, task: string): void {
    try {
      write();
      this.#isWritten = true;
    } catch (error) {
      // What runs goes on; only the next runtime would not know of this change.
      this.#isWritten = false;
      this.#parts.warn("a task's record could not be written; is the disk full?", { task, error });
    }
  }
}
