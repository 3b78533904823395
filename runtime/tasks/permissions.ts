import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TaskRecord } from "../api/record.ts";
import { writeAtomically } from "../linux/atomic-file.ts";
import { PiworkError } from "../protocol/errors.ts";
import { type Decision, decisionsFile, type Permissions, policy } from "../protocol/facts.ts";
import { taskId } from "../protocol/ids.ts";
import { namesIn } from "../state/absent.ts";
import { readWhole } from "../state/whole-file.ts";

/** Decisions kept for one task; with more, the oldest are asked for again. */
const MOST = 100;

type Owner = Pick<TaskRecord, "id" | "folder">;

/** What the agent of each task may do without asking again, and what it asks for as well. Machines see of it what is true now, and never write it. */
export class TaskPermissions {
  readonly #decisions: string;
  readonly #policy: string;

  constructor(directories: { decisions: string; policy: string }) {
    this.#decisions = directories.decisions;
    this.#policy = directories.policy;
  }

  /** What counts for a task in the folder that it has now. */
  of({ id, folder }: Owner): Permissions {
    const counts = this.#read(id).filter((decision) => decision.folder === folder);
    return { decisions: [...new Set(counts.map(({ what }) => what))], ask: this.ask(id) };
  }

  allow({ id, folder }: Owner, what: string): void {
    const known = this.#read(id).filter((one) => one.what !== what || one.folder !== folder);
    const decision = { id: randomBytes(4).toString("hex"), task: id, what, folder, at: new Date().toISOString() };
    this.#write(id, [...known, decision].slice(-MOST));
  }

  /** Of one task, or of every task, the oldest first. */
  list(id?: string): Decision[] {
    if (id !== undefined) return this.#read(id);
    const tasks = namesIn(this.#decisions)
      .flatMap((name) => /^(.+)\.json$/.exec(name)?.[1] ?? [])
      .filter((name) => taskId.safeParse(name).success);
    return tasks.flatMap((task) => this.#read(task)).sort((a, b) => a.at.localeCompare(b.at, "en"));
  }

  /** Forgets one decision, or those of a task, or all; gives what was forgotten. */
  clear(id: string | undefined, decision: string | undefined): Decision[] {
    const forgotten = this.list(id).filter((one) => decision === undefined || one.id === decision);
    if (decision !== undefined && forgotten.length === 0)
      throw new PiworkError("INVALID_REQUEST", "There is no such decision; 'piwork decisions' lists them.");
    for (const task of new Set(forgotten.map((one) => one.task)))
      this.#write(
        task,
        this.#read(task).filter((one) => !forgotten.some((other) => other.id === one.id)),
      );
    return forgotten;
  }

  /** What a task's agent asks for as well. */
  ask(id: string): string[] {
    return readWhole(this.#file(this.#policy, id), policy.parse)?.ask ?? [];
  }

  setAsk(id: string, ask: string[]): void {
    mkdirSync(this.#policy, { recursive: true, mode: 0o700 });
    writeAtomically(this.#file(this.#policy, id), `${JSON.stringify({ ask })}\n`);
  }

  forget(id: string): void {
    for (const directory of [this.#decisions, this.#policy]) rmSync(this.#file(directory, id), { force: true });
  }

  #read(id: string): Decision[] {
    return readWhole(this.#file(this.#decisions, id), decisionsFile.parse)?.decisions ?? [];
  }

  #write(id: string, decisions: Decision[]): void {
    mkdirSync(this.#decisions, { recursive: true, mode: 0o700 });
    writeAtomically(this.#file(this.#decisions, id), `${JSON.stringify({ version: 1, decisions }, null, 2)}\n`);
  }

  #file(directory: string, id: string): string {
    return join(directory, `${taskId.parse(id)}.json`);
  }
}
