import { randomUUID } from "node:crypto";
import type { TaskRecord } from "../api/record.ts";
import type { Bridge } from "../bridge/bridge.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Machine } from "../machine/machine.ts";
import { type ErrorCode, PiworkError } from "../protocol/errors.ts";
import type { EventOf } from "../protocol/events.ts";
import type { AgentKind, ModelName } from "../protocol/kinds.ts";
import type { ProviderView } from "../protocol/providers.ts";
import { isOpen } from "../protocol/states.ts";
import { stateFailure } from "../state/whole-file.ts";
import type { HostFiles } from "../workspace/files.ts";
import { foldersOverlap, identifyFolder, resolveFolder } from "../workspace/folder.ts";
import type { TaskBook } from "./book.ts";
import type { EventStream } from "./event-stream.ts";
import type { FolderBaselines } from "./folder-baselines.ts";
import type { TaskPermissions } from "./permissions.ts";
import type { Quota } from "./quota.ts";
import type { Records } from "./records.ts";
import { mintTaskId } from "./task-id.ts";
import type { Trash } from "./trash.ts";
import { Turns } from "./turns.ts";

/** Time to mount a folder and start an agent. */
const OPEN_DEADLINE_MS = 150_000;
/** Time for requests that only look or signal. */
export const QUICK_DEADLINE_MS = 30_000;

export interface TasksParts {
  book: TaskBook;
  records: Records;
  trash: Trash;
  quota: Quota;
  baselines: FolderBaselines;
  permissions: TaskPermissions;
  /** whose models tasks may use */
  providers(): ProviderView[];
  files: HostFiles;
  /** real path of the workspace root */
  workspace: string;
  agent: AgentKind;
  /** of new tasks; null: the agent's own choice */
  model: ModelName | null;
  /** what all processes of a new task may use, in bytes */
  memoryBytes: number;
  /** refuses an amount that no machine of this runtime can have for a task */
  assertMemory(bytes: number): void;
  fleet: Fleet;
  events: EventStream;
}

interface CreateOptions {
  sharedFolder?: boolean | undefined;
  ask?: string[] | undefined;
  memoryBytes?: number | undefined;
  begun?: (id: string) => void;
}

/** Failures after which something may have been done all the same. */
const UNCERTAIN: ReadonlySet<ErrorCode> = new Set(["SWITCH_TIMEOUT", "PI_PROCESS_DEAD", "TASK_NOT_READY"]);

/** Creates, opens, switches, binds, stops and deletes tasks. */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #book: TaskBook;
  readonly #turns = new Turns();
  /** the link to the machine that may have something of a task, whatever state the task is in */
  readonly #inMachine = new Map<string, Bridge>();
  /** when something was last wanted of a task, by the clock of performance.now() */
  readonly #usedAt = new Map<string, number>();
  /** what gives up the opening of a task */
  readonly #openings = new Map<string, AbortController>();

  constructor(parts: TasksParts) {
    this.#parts = parts;
    this.#book = parts.book;
    parts.events.subscribe({ names: ["task_stopped", "task_error"] }, (event) => this.#follow(event));
  }

  /** Tasks that are being opened, switched to, bound, stopped or deleted. */
  get underway(): string[] {
    return this.#turns.underway;
  }

  /** `begun` is told its id before anything of it runs. `ask`: what its agent asks for as well. */
  async create(
    title: string,
    namedFolder: string | null,
    { sharedFolder = false, ask = [], memoryBytes = this.#parts.memoryBytes, begun }: CreateOptions = {},
  ): Promise<TaskRecord> {
    const folder = namedFolder === null ? null : resolveFolder(this.#parts.workspace, namedFolder);
    this.#parts.assertMemory(memoryBytes);
    const id = mintTaskId(title);
    const record: TaskRecord = {
      version: 5,
      id,
      title,
      folder,
      sharedFolder,
      agent: this.#parts.agent,
      model: this.#parts.model,
      thinking: null,
      memoryBytes,
      createdAt: new Date().toISOString(),
      state: "creating",
      turn: null,
      lostTurn: null,
      growth: null,
    };
    this.#assertApart(record);
    this.#makeDirectories(id);
    await this.#parts.baselines.take(record);
    // Another task may have been given the folder meanwhile.
    this.#assertApart(record);
    begun?.(id);
    if (ask.length > 0) this.#parts.permissions.setAsk(id, ask);
    this.#book.commit(record, "creating the task");
    return this.switchTo(id);
  }

  /** Makes a task the active one, opening it first where it is not open; resolves when it is ready. */
  switchTo(id: string): Promise<TaskRecord> {
    this.#book.find(id);
    return this.#turns.take(id, () => this.#switchTo(id));
  }

  async #switchTo(id: string): Promise<TaskRecord> {
    const bridge = await this.#open(id);
    const requestId = randomUUID();
    using outcome = this.#parts.events.next(
      { task: id, request: requestId, names: ["task_ready", "task_error"] },
      { deadlineMs: OPEN_DEADLINE_MS, doing: `switching to '${id}'` },
    );
    await bridge.request("switch_task", { taskId: id }, { id: requestId, deadlineMs: QUICK_DEADLINE_MS });
    const gone = bridge.closed.then(() => {
      throw new PiworkError("TASK_NOT_READY", "The machine ended meanwhile; try again, another one is started.");
    });
    const event = await Promise.race([outcome.event, gone]);
    if (event.event === "task_error") throw PiworkError.fromBody(event.payload.error);
    // Only here: a machine that says unasked that its task is ready does not make it the one that prompts go to.
    this.#book.activate(id);
    return this.#book.find(id);
  }

  /** Gives a task its folder, for good; where it is open, whatever runs in it sees the folder at /work from now on. */
  async bind(named: string | undefined, namedFolder: string, sharedFolder = false): Promise<TaskRecord> {
    const { id } = this.#book.find(named);
    const folder = resolveFolder(this.#parts.workspace, namedFolder);
    return this.#turns.take(id, async () => {
      const before = this.#book.find(id);
      if (before.folder === folder) return before;
      if (before.folder !== null)
        throw new PiworkError(
          "WORKSPACE_POLICY_VIOLATION",
          `The task has the folder '${before.folder}'; a folder is bound once. Create another task for another folder.`,
        );
      const bound = { ...before, folder, sharedFolder };
      this.#assertApart(bound);
      await this.#parts.baselines.take(bound);
      // Another task may have been given it meanwhile.
      this.#assertApart(bound);
      this.#book.commit(bound, "binding the folder");
      if (!isOpen(before.state)) return bound;
      try {
        const machine = await this.#parts.fleet.enter(id);
        await this.#parts.quota.admit(id);
        await this.#openInMachine(bound, machine);
      } catch (error) {
        // Only where it surely was not done; a machine that is gone, or slow, may have done it, and does it when it opens the task.
        if (error instanceof PiworkError && !UNCERTAIN.has(error.code)) {
          await this.#parts.fleet.machineOf(id)?.files.withdrawFolder();
          this.#book.note(id, { folder: null, sharedFolder: before.sharedFolder });
        }
        throw error;
      }
      return this.#book.find(id);
    });
  }

  async stop(named: string | undefined, why = "asked to"): Promise<TaskRecord> {
    const { id } = this.#book.find(named);
    this.#openings.get(id)?.abort(new PiworkError("TASK_NOT_READY", "The task was stopped while it was opened."));
    return this.#turns.take(id, () => this.#stop(id, why));
  }

  async #stop(id: string, why: string): Promise<TaskRecord> {
    // A task whose agent is gone may still have commands there, and a folder.
    const bridge = this.#linkOf(id);
    let refusal: unknown;
    if (bridge !== undefined) {
      await bridge.request("stop_task", { taskId: id }, { deadlineMs: QUICK_DEADLINE_MS }).catch((error) => {
        // A machine that does not have it is what was asked for.
        if (!(error instanceof PiworkError && error.code === "TASK_NOT_FOUND")) refusal = error;
      });
    }
    // A machine of its own ends with it, whatever it said to that.
    await this.#parts.fleet.leave(id);
    if (refusal !== undefined && bridge?.closedFor === undefined) throw refusal;
    this.#inMachine.delete(id);
    if (this.#book.find(id).state !== "stopped") this.#book.become(id, "stopped", why);
    await this.#parts.quota.settle(id);
    return this.#book.find(id);
  }

  /** Frees the machine of the task that was idle longest; what was said in it is kept, and its next prompt opens it again. */
  async park(): Promise<boolean> {
    const why = "parked: another task needs the memory of its machine; its next prompt brings it back";
    const usedAt = ({ id }: TaskRecord) => this.#usedAt.get(id) ?? 0;
    for (const { id } of this.#book.list().sort((a, b) => usedAt(a) - usedAt(b))) {
      if (!this.#rests(id)) continue;
      const isParked = await this.#turns.take(id, async () => {
        if (!this.#rests(id)) return false;
        await this.#stop(id, why);
        return true;
      });
      if (isParked) return true;
    }
    return false;
  }

  /** Whether nothing is under way in a task, and no process of it is left but its agent: its machine is paused only then. */
  #rests(id: string): boolean {
    if (!this.#book.has(id) || this.#openings.has(id)) return false;
    const { state, turn } = this.#book.find(id);
    const machine = this.#parts.fleet.machineOf(id);
    return (state === "idle" || state === "ready") && turn === null && machine?.state === "paused";
  }

  /** Stops every open task in order, before the runtime ends. */
  async stopAll(): Promise<void> {
    const open = this.#book.list().filter(({ state }) => isOpen(state));
    await Promise.allSettled(open.map(({ id }) => this.stop(id)));
  }

  /** Ends a task and removes all that was kept of it. Its folder stays as it is. */
  async delete(id: string): Promise<void> {
    await this.stop(id);
    await this.#turns.take(id, async () => {
      if (isOpen(this.#book.find(id).state))
        throw new PiworkError("TASK_BUSY", "The task was opened again meanwhile; it was not deleted.");
      try {
        this.#parts.trash.throwAway(id, this.#parts.records.file(id));
      } catch (error) {
        throw stateFailure(error, "deleting the task");
      }
      this.#book.forget(id);
      this.#parts.baselines.forget(id);
      this.#parts.permissions.forget(id);
      await this.#parts.trash.finish(id);
    });
  }

  /** The machine says that the task has no agent; the event that says why is on its way. The next one to reach it opens it again. */
  noteLost(id: string): void {
    if (this.#book.has(id) && isOpen(this.#book.find(id).state)) this.#book.become(id, "errored", "its agent is gone");
  }

  /** The link to the machine of a task, in which it is open; the active task is active there too. */
  async reach(id: string): Promise<Bridge> {
    this.#book.find(id);
    return this.#turns.take(id, async () => {
      if (id === this.#book.activeId && !isOpen(this.#book.find(id).state)) await this.#switchTo(id);
      return this.#open(id);
    });
  }

  /** Opens a task in its machine unless it is open there. */
  async #open(id: string): Promise<Bridge> {
    const giveUp = new AbortController();
    this.#openings.set(id, giveUp);
    try {
      this.#usedAt.set(id, performance.now());
      // Another runtime may have had more to give.
      this.#parts.assertMemory(this.#book.find(id).memoryBytes);
      const machine = await Promise.race([this.#parts.fleet.enter(id), rejected(giveUp.signal)]);
      const { bridge } = machine;
      giveUp.signal.throwIfAborted();
      const record = this.#book.find(id);
      if (isOpen(record.state) && record.state !== "creating") return bridge;
      // The folder may have been replaced since it was bound, and other tasks opened since this one was stopped.
      if (record.folder !== null) resolveFolder(this.#parts.workspace, record.folder);
      this.#assertApart(record);
      this.#makeDirectories(id);
      // What is there now is not the task's: it is measured before it can write.
      await this.#parts.quota.admit(id);
      giveUp.signal.throwIfAborted();
      this.#book.become(id, "creating", "opened");
      this.#inMachine.set(id, bridge);
      const stop = () => void bridge.request("stop_task", { taskId: id }).catch(() => {}); // not there yet, or gone
      giveUp.signal.addEventListener("abort", stop);
      try {
        await this.#openInMachine(record, machine);
      } finally {
        giveUp.signal.removeEventListener("abort", stop);
      }
      // The agent may have ended while the answer was on its way.
      if (this.#book.find(id).state !== "creating")
        throw new PiworkError("PI_PROCESS_DEAD", "The agent ended as soon as it had started; open the task again.");
      this.#book.become(id, "ready", "the agent answers");
      return bridge;
    } catch (error) {
      const reason = giveUp.signal.aborted ? giveUp.signal.reason : error;
      const state = giveUp.signal.aborted ? "stopped" : "errored";
      if (this.#book.has(id)) this.#book.become(id, state, reason instanceof Error ? reason.message : String(reason));
      // A machine that was started for it, and that it never got into, would only take memory.
      if (this.#linkOf(id) === undefined) await this.#parts.fleet.leave(id);
      throw reason;
    } finally {
      if (this.#openings.get(id) === giveUp) this.#openings.delete(id);
    }
  }

  async #openInMachine(record: TaskRecord, { bridge, files }: Machine): Promise<void> {
    const { id, title, folder, agent, model, thinking, memoryBytes } = record;
    const facts = { taskId: id, title, folder, agent, model, thinking, memoryBytes };
    const permissions = this.#parts.permissions.of(record);
    const providers = this.#parts.providers();
    using given = await files.give(record);
    const payload = { ...facts, providers, permissions, files: given.message };
    await bridge.request("create_or_open_task", payload, { deadlineMs: OPEN_DEADLINE_MS });
    given.check();
    this.#parts.fleet.opened(id);
  }

  #makeDirectories(id: string): void {
    try {
      this.#parts.files.makeDirectories(id);
    } catch (error) {
      throw stateFailure(error, "opening the task");
    }
  }

  /** Two open tasks do not work in the same files, unless one of them was meant to. */
  #assertApart({ id, folder, sharedFolder }: TaskRecord): void {
    if (folder === null || sharedFolder) return;
    const { workspace } = this.#parts;
    const own = identifyFolder(workspace, folder);
    for (const other of this.#book.list()) {
      if (other.id === id || other.folder === null || other.sharedFolder || !this.mayRun(other.id)) continue;
      if (foldersOverlap(own, identifyIfThere(workspace, other.folder)))
        throw new PiworkError(
          "WORKSPACE_POLICY_VIOLATION",
          `The folder '${folder}' is, holds or lies in '${other.folder}' of the task '${other.id}', which is not stopped. Stop that task, choose another folder, or let both have it (--shared-folder).`,
        );
    }
  }

  /** Whether something of a task may run: its agent, or commands that outlived it. */
  mayRun(id: string): boolean {
    return isOpen(this.#book.find(id).state) || this.#linkOf(id) !== undefined;
  }

  /** The link to the machine that a task was opened in, as long as there is that machine. */
  #linkOf(id: string): Bridge | undefined {
    const bridge = this.#inMachine.get(id);
    return bridge?.closedFor === undefined ? bridge : undefined;
  }

  /** Keeps the states in step with what the machines report. */
  #follow(event: EventOf<"task_stopped" | "task_error">): void {
    const { taskId } = event;
    if (taskId === null || !this.#book.has(taskId)) return;
    if (event.event === "task_stopped") return this.#book.become(taskId, "stopped", "the machine stopped it");
    const { during, error } = event.payload;
    // A prompt that the agent refused leaves it as it was; a switch that was given up left a stopped task.
    if (error.code === "INVALID_REQUEST" || error.code === "TASK_NOT_FOUND") return;
    this.#book.become(taskId, "errored", `${during}: ${error.message}`);
  }
}

function identifyIfThere(workspace: string, folder: string): string[] {
  try {
    return identifyFolder(workspace, folder);
  } catch {
    return []; // it is gone, so nothing lies in it
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
