import { randomUUID } from "node:crypto";
import type { Bridge } from "../bridge/bridge.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { EventOf, RuntimeEvent } from "../protocol/events.ts";
import type { TaskRecord } from "../protocol/record.ts";
import type { AgentKind, Payload, Result } from "../protocol/rpc.ts";
import { makeGuestDirectories, type Records } from "./records.ts";
import { mintTaskId } from "./task-id.ts";

/** Time to mount a folder and start an agent. */
const OPEN_DEADLINE_MS = 150_000;
/** Time for requests that only look or signal. */
const QUICK_DEADLINE_MS = 30_000;
/** A command's own time limit is enforced in the machine; this much later the host stops waiting. */
const EXEC_MARGIN_MS = 30_000;

export interface TasksParts {
  records: Records;
  tasksDirectory: string;
  agent: AgentKind;
  /** finds the folder a caller named; throws for one that is not allowed */
  resolveFolder(named: string): string;
  /** the link to the machine of a task, booted if it has to be */
  bridge(): Promise<Bridge>;
  /** events of every task */
  subscribe(listener: (event: RuntimeEvent) => void): Disposable;
  warn(message: string, facts: Record<string, unknown>): void;
}

/** All tasks of this runtime: their records, their states, and the way to their machine. */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #records = new Map<string, TaskRecord>();
  /** request id of the prompt in flight, by task */
  readonly #prompts = new Map<string, string>();
  /** the last of the turns that were asked for, by task */
  readonly #turns = new Map<string, Promise<void>>();
  #activeId: string | null = null;

  constructor(parts: TasksParts) {
    this.#parts = parts;
    const { records, broken } = parts.records.readAll();
    for (const { message, cause } of broken) parts.warn(message, { cause });
    // Nothing runs yet, whatever was true when the last runtime ended.
    for (const record of records) this.#save({ ...record, state: "stopped" });
    const active = parts.records.readActive();
    if (active !== undefined && this.#records.has(active)) this.#activeId = active;
    parts.subscribe((event) => this.#follow(event));
  }

  get activeId(): string | null {
    return this.#activeId;
  }

  list(): TaskRecord[] {
    return [...this.#records.values()];
  }

  /** The task a caller means: the named one, or the active one. */
  find(id: string | undefined): TaskRecord {
    const wanted = id ?? this.#activeId;
    if (wanted === null) throw new PiworkError("TASK_NOT_FOUND", "No task is active; create one, or switch to one.");
    const record = this.#records.get(wanted);
    if (record === undefined)
      throw new PiworkError("TASK_NOT_FOUND", `There is no task '${wanted}'; 'piwork task list' shows them.`);
    return record;
  }

  async create(title: string, namedFolder: string | null): Promise<TaskRecord> {
    const folder = namedFolder === null ? null : this.#parts.resolveFolder(namedFolder);
    const id = mintTaskId(title);
    makeGuestDirectories(this.#parts.tasksDirectory, id);
    this.#save({
      version: 1,
      id,
      title,
      folder,
      agent: this.#parts.agent,
      createdAt: new Date().toISOString(),
      state: "creating",
    });
    return this.switchTo(id);
  }

  /** Makes a task the active one, opening it first where it is not open; resolves when it is ready. */
  switchTo(id: string): Promise<TaskRecord> {
    return this.#inTurn(id, () => this.#switchTo(id));
  }

  async #switchTo(id: string): Promise<TaskRecord> {
    const bridge = await this.#open(id);
    const requestId = randomUUID();
    using outcome = this.#watchFor(
      (event): event is EventOf<"task_ready"> | EventOf<"task_error"> =>
        (event.event === "task_ready" || event.event === "task_error") && event.payload.requestId === requestId,
      OPEN_DEADLINE_MS,
      `switching to '${id}'`,
    );
    await bridge.request("switch_task", { taskId: id }, { id: requestId, deadlineMs: QUICK_DEADLINE_MS });
    const event = await Promise.race([outcome.event, bridge.closed.then(() => Promise.reject(machineGone()))]);
    if (event.event === "task_error") throw PiworkError.fromBody(event.payload.error);
    return this.find(id);
  }

  async stop(named: string | undefined): Promise<TaskRecord> {
    const { id } = this.find(named);
    return this.#inTurn(id, async () => {
      if (isOpen(this.find(id))) {
        const bridge = await this.#parts.bridge();
        await bridge.request("stop_task", { taskId: id }, { deadlineMs: QUICK_DEADLINE_MS });
        this.#setState(id, "stopped");
      }
      return this.find(id);
    });
  }

  /** Opening, switching to and stopping one task happen one after the other, in the order they were asked for. */
  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(id) ?? Promise.resolve();
    const turn = before.then(work);
    this.#turns.set(
      id,
      turn.then(
        () => {},
        () => {},
      ),
    );
    return turn;
  }

  /** Stops every open task in order, before the runtime ends. */
  async stopAll(): Promise<void> {
    await Promise.allSettled(
      this.list()
        .filter(isOpen)
        .map(({ id }) => this.stop(id)),
    );
  }

  /** Sends a prompt and gives its events to `listener`, up to and with the one that ends it. */
  async prompt(id: string | undefined, message: string, listener: (event: RuntimeEvent) => void): Promise<void> {
    const task = this.find(id);
    const bridge = await this.#reach(task.id);
    if (this.#prompts.has(task.id))
      throw new PiworkError("TASK_BUSY", "A prompt is in flight; wait for its end, or abort it.");
    const requestId = randomUUID();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    using _events = this.#parts.subscribe((event) => {
      if (!belongsTo(event, requestId)) return;
      listener(event);
      if (event.event === "agent_end" || event.event === "task_error") end();
    });
    this.#prompts.set(task.id, requestId);
    try {
      await bridge.request("prompt", { taskId: task.id, message }, { id: requestId, deadlineMs: QUICK_DEADLINE_MS });
    } catch (error) {
      this.#prompts.delete(task.id);
      throw error;
    }
    await ended;
  }

  async abort(id: string | undefined): Promise<Result<"abort">> {
    const task = this.find(id);
    if (!isOpen(task)) return { aborted: false };
    const bridge = await this.#parts.bridge();
    return bridge.request("abort", { taskId: task.id }, { deadlineMs: QUICK_DEADLINE_MS });
  }

  /** Runs a command inside a task; `signal` ends it there too. */
  async exec(
    request: { task?: string | undefined; argv: string[]; timeoutMs?: number | undefined },
    listener: (output: EventOf<"exec_output">["payload"]) => void,
    signal: AbortSignal,
  ): Promise<Result<"system_bash">> {
    const { id } = this.find(request.task);
    const bridge = await this.#reach(id);
    if (signal.aborted) throw new PiworkError("TASK_NOT_READY", "Whoever asked left while the task was opened.");
    const requestId = randomUUID();
    const payload: Payload<"system_bash"> = { taskId: id, argv: request.argv };
    if (request.timeoutMs !== undefined) payload.timeoutMs = request.timeoutMs;
    const cancel = () => void bridge.request("abort", { taskId: id, request: requestId }).catch(() => {}); // gone already: that is what is wanted
    signal.addEventListener("abort", cancel);
    using _output = this.#parts.subscribe((event) => {
      if (event.event === "exec_output" && event.payload.requestId === requestId) listener(event.payload);
    });
    try {
      const deadline = request.timeoutMs === undefined ? {} : { deadlineMs: request.timeoutMs + EXEC_MARGIN_MS };
      return await bridge.request("system_bash", payload, { id: requestId, ...deadline });
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** The events that end what was under way in a machine that is gone. */
  *endings(reason: PiworkError): Generator<{ taskId: string; payload: EventOf<"task_error">["payload"] }> {
    for (const { id } of this.list().filter(isOpen)) {
      const requestId = this.#prompts.get(id) ?? null;
      yield {
        taskId: id,
        payload: { requestId, during: requestId === null ? "idle" : "prompt", error: reason.toBody() },
      };
    }
  }

  /** The link to the machine of a task, in which it is open; the active task is active there too. */
  async #reach(id: string): Promise<Bridge> {
    if (id === this.#activeId && !isOpen(this.find(id))) await this.switchTo(id);
    return this.#inTurn(id, () => this.#open(id));
  }

  /** Opens a task in its machine unless it is open there. */
  async #open(id: string): Promise<Bridge> {
    const record = this.find(id);
    const bridge = await this.#parts.bridge();
    if (isOpen(this.find(id)) && record.state !== "creating") return bridge;
    // The folder may have been replaced since it was bound.
    if (record.folder !== null) this.#parts.resolveFolder(record.folder);
    makeGuestDirectories(this.#parts.tasksDirectory, id);
    this.#setState(id, "creating");
    try {
      const { title, folder, agent } = record;
      await bridge.request(
        "create_or_open_task",
        { taskId: id, title, folder, agent },
        { deadlineMs: OPEN_DEADLINE_MS },
      );
      this.#setState(id, "ready");
      return bridge;
    } catch (error) {
      this.#setState(id, "errored");
      throw error;
    }
  }

  /** Keeps the states in step with what the machines report. */
  #follow(event: RuntimeEvent): void {
    const { taskId } = event;
    if (taskId === null || !this.#records.has(taskId)) return;
    if (event.event === "agent_end" || event.event === "task_error") {
      if (this.#prompts.get(taskId) === event.payload.requestId) this.#prompts.delete(taskId);
    }
    if (event.event === "task_ready") this.#activate(taskId);
    if (event.event === "task_stopped") this.#setState(taskId, "stopped");
    if (event.event === "task_error" && event.payload.error.code !== "INVALID_REQUEST")
      this.#setState(taskId, "errored");
  }

  /** Watches from now on for the first event that matches. */
  #watchFor<E extends RuntimeEvent>(
    matches: (event: RuntimeEvent) => event is E,
    deadlineMs: number,
    doing: string,
  ): Disposable & { event: Promise<E> } {
    const late = new PiworkError("SWITCH_TIMEOUT", `${doing} took longer than ${deadlineMs / 1000} s.`);
    let found: (event: E) => void = () => {};
    let giveUp: () => void = () => {};
    const event = new Promise<E>((resolve, reject) => {
      found = resolve;
      giveUp = () => reject(late);
    });
    event.catch(() => {}); // where the request itself fails, nobody waits for this any more
    const subscription = this.#parts.subscribe((seen) => {
      if (matches(seen)) found(seen);
    });
    const timer = setTimeout(giveUp, deadlineMs);
    const stopWatching = () => {
      clearTimeout(timer);
      subscription[Symbol.dispose]();
    };
    return { event, [Symbol.dispose]: stopWatching };
  }

  #activate(id: string): void {
    const before = this.#activeId;
    if (before !== null && before !== id && this.find(before).state === "active") this.#setState(before, "idle");
    if (before !== id) this.#parts.records.writeActive(id);
    this.#activeId = id;
    this.#setState(id, "active");
  }

  #setState(id: string, state: TaskRecord["state"]): void {
    const record = this.find(id);
    if (record.state !== state) this.#save({ ...record, state });
  }

  #save(record: TaskRecord): void {
    this.#records.set(record.id, record);
    try {
      this.#parts.records.write(record);
    } catch (error) {
      // What runs goes on; only the next runtime would not know of this change.
      this.#parts.warn("a task's record could not be written; is the disk full?", { task: record.id, error });
    }
  }
}

function machineGone(): PiworkError {
  return new PiworkError("TASK_NOT_READY", "The machine ended meanwhile; try again, another one is started.");
}

function isOpen(record: TaskRecord): boolean {
  return record.state !== "stopped" && record.state !== "errored";
}

function belongsTo(event: RuntimeEvent, requestId: string): boolean {
  return "requestId" in event.payload && event.payload.requestId === requestId;
}
