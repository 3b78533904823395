import { join } from "node:path";
import type { Duplex } from "node:stream";
import { hear } from "./api/answer.ts";
import type { CallOutput } from "./api/calls.ts";
import type { Area } from "./api/files.ts";
import type { StatusView } from "./api/status.ts";
import type { Fleet, Present } from "./fleet/fleet.ts";
import { askMachines } from "./fleet/machine-answers.ts";
import { MachineEach } from "./fleet/machine-each.ts";
import { OneMachine, TASKS_AT_ONCE } from "./fleet/one-machine.ts";
import { assertHostHas } from "./fleet/room.ts";
import { MachineSource } from "./fleet/source.ts";
import { describeImage, describeMachine, describeTemplate, warnings } from "./fleet/status.ts";
import { keepPrevious, Log } from "./log/log.ts";
import { LogShare } from "./log/share.ts";
import type { AccelerationRequest } from "./machine/acceleration.ts";
import { readHostWalls } from "./machine/host-walls.ts";
import { removeLeftSockets } from "./machine/left-sockets.ts";
import type { Machine } from "./machine/machine.ts";
import { refuseUnconfinedRoot } from "./machine/walls.ts";
import { Network } from "./network/network.ts";
import type { ReachOptions } from "./network/reach.ts";
import { PiworkError } from "./protocol/errors.ts";
import type { RuntimeEvent } from "./protocol/events.ts";
import { History } from "./protocol/history.ts";
import type { AgentKind, Isolation, ModelName } from "./protocol/kinds.ts";
import type { MachineLayer } from "./protocol/layers.ts";
import { LIMITS } from "./protocol/limits.ts";
import { memoryWords } from "./protocol/memory-words.ts";
import type { NetworkPolicy } from "./protocol/network.ts";
import { isOpen, type MachineState } from "./protocol/states.ts";
import { ProtocolViolation } from "./protocol/violation.ts";
import { type Places, stateLayout } from "./state/places.ts";
import { lockDirectory, type StateLock } from "./state/state-lock.ts";
import { VERSION } from "./state/version.ts";
import { TaskBook } from "./tasks/book.ts";
import { Conversations } from "./tasks/conversations.ts";
import { EventStream } from "./tasks/event-stream.ts";
import { FolderBaselines } from "./tasks/folder-baselines.ts";
import { TaskPermissions } from "./tasks/permissions.ts";
import { DEFAULT_QUOTA, Quota, type QuotaLimits } from "./tasks/quota.ts";
import { Records } from "./tasks/records.ts";
import { readSessionHead } from "./tasks/session.ts";
import { Tasks } from "./tasks/tasks.ts";
import { Transcripts } from "./tasks/transcripts.ts";
import { Trash } from "./tasks/trash.ts";
import type { HostFiles, HostPlaces } from "./workspace/files.ts";
import { filesPath } from "./workspace/paths.ts";
import { findPlanted } from "./workspace/planted.ts";
import { removeDrafts } from "./workspace/uploads.ts";

/** Time a machine has to tell of itself. */
const DIAG_DEADLINE_MS = 30_000;

export interface RuntimeOptions {
  places: Places;
  /** real path of the workspace root */
  workspace: string;
  agent: AgentKind;
  /** the model of new tasks; without it, the agent's own choice */
  model?: ModelName | null;
  acceleration: AccelerationRequest;
  isolation: Isolation;
  /** machines that are kept ready for the next tasks, where each has its own */
  pool: number;
  /** what a task may add to its folder, outputs and home; without it, the limits of the protocol */
  quota?: QuotaLimits;
  /** what all processes of a new task may use, in bytes, and where tasks share a machine, of any task; without it, the limit of the protocol */
  memoryBytes?: number | undefined;
  /** runs QEMU without bubblewrap, for hosts that forbid user namespaces */
  unconfinedQemu?: boolean;
  /** what tasks may reach that are created from now on */
  allowed?: NetworkPolicy;
  /** how the hosts that tasks may reach are found; nothing that a user can say sets it */
  reach?: ReachOptions;
  /** boots machines that are there to be attacked, without some of the walls around QEMU; nothing that a user can say sets it */
  unsafe?: { without: readonly MachineLayer[] };
  /** makes the guest image, where there is none for this version */
  buildImage(signal: AbortSignal): Promise<void>;
  /** told in words what is being done, when it may take a while */
  progress(words: string): void;
}

/** The runtime of one state directory: its tasks, and the machines they are in. */
export class Runtime implements AsyncDisposable {
  readonly book: TaskBook;
  readonly tasks: Tasks;
  readonly conversations: Conversations;
  readonly network: Network;
  readonly log: Log;
  readonly events = new EventStream();
  readonly startedAt = new Date().toISOString();
  readonly #options: RuntimeOptions;
  readonly #locks: readonly StateLock[];
  readonly #history = new History();
  readonly #logShare = new LogShare();
  readonly #filePlaces: HostPlaces;
  readonly #files: HostFiles;
  readonly #quota: Quota;
  readonly #baselines: FolderBaselines;
  readonly #permissions: TaskPermissions;
  readonly #transcripts: Transcripts;
  readonly #source: MachineSource;
  readonly #fleet: Fleet;
  #starting: string | null = "starting";
  readonly #ending = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(options: RuntimeOptions) {
    if (options.unconfinedQemu) refuseUnconfinedRoot();
    this.#options = options;
    assertHostHas(this.memoryBytes * (options.isolation === "shared" ? TASKS_AT_ONCE : 1));
    const { places, workspace, agent } = options;
    const stateLock = lockDirectory(places.state, "state");
    try {
      this.#locks = [stateLock, lockDirectory(places.logs, "logs")];
      this.log = new Log(places.logs);
    } catch (error) {
      stateLock.release();
      throw error;
    }
    keepPrevious(this.consoleLog);
    this.events.subscribe({}, (event) => this.#logEvent(event));
    const layout = stateLayout(places);
    removeDrafts(layout.drafts);
    const records = new Records(layout.records);
    const { warn } = this.log;
    const trash = new Trash(layout.trash, layout.tasks, warn);
    void removeLeftSockets(places.sockets, warn);
    void trash.empty();
    this.book = new TaskBook({
      records,
      lastSavedTurn: (id) => readSessionHead(layout.tasks, id)?.lastTurn,
      changed: (id, from, to, why) => this.#history.add(id, from, to, why),
      warn,
    });
    this.#filePlaces = { workspace, tasks: layout.tasks, drafts: layout.drafts };
    this.#files = filesPath.onHost(this.#filePlaces);
    this.#quota = new Quota({
      book: this.book,
      limits: options.quota ?? DEFAULT_QUOTA,
      measure: (record, signal) => this.#files.measure(record, signal),
      mayRun: (id) => this.tasks.mayRun(id),
      resting: (id) => this.#fleet.machineOf(id)?.rest,
      end: (id, reason) => this.#endForQuota(id, reason),
      warn,
    });
    const walls = { unconfined: options.unconfinedQemu === true, without: options.unsafe?.without ?? [] };
    this.#source = new MachineSource({
      places,
      agent,
      files: filesPath,
      walls,
      acceleration: options.acceleration,
      unsafe: options.unsafe !== undefined,
      consoleLog: this.consoleLog,
      buildImage: options.buildImage,
      signal: this.#ending.signal,
      warn,
      step: (words) => this.#step(words),
      note: (words) => this.#say(words),
    });
    this.network = new Network({
      policies: layout.network,
      state: places.state,
      allowed: options.allowed,
      reach: options.reach,
      warn,
      isKnown: (task) => this.book.has(task),
      mayRun: (task) => this.tasks.mayRun(task),
      requested: (task, request) => this.events.publish({ event: "network_request", taskId: task, payload: request }),
    });
    this.#fleet = this.#makeFleet();
    this.#baselines = new FolderBaselines(layout.baselines, workspace, warn);
    this.#permissions = new TaskPermissions(layout.permissions);
    this.#transcripts = new Transcripts(layout.tasks);
    this.events.subscribe({}, (event) => this.#transcripts.follow(event));
    const shared = {
      book: this.book,
      quota: this.#quota,
      fleet: this.#fleet,
      warn,
      permissions: this.#permissions,
      events: this.events,
      providers: () => this.network.providers.views(),
    };
    this.tasks = new Tasks({
      ...shared,
      records,
      trash,
      files: this.#files,
      workspace,
      agent,
      baselines: this.#baselines,
      model: options.model ?? null,
      memoryBytes: this.memoryBytes,
      assertMemory: (bytes) => this.#assertMemory(bytes),
    });
    this.conversations = new Conversations(this.tasks, { ...shared, transcripts: this.#transcripts });
    this.log.info("runtime started", { workspace, state: places.state, pid: process.pid });
  }

  get workspace(): string {
    return this.#options.workspace;
  }

  get logs(): string {
    return this.#options.places.logs;
  }

  get consoleLog(): string {
    return join(this.#options.places.logs, "qemu.log");
  }

  /** What all processes of a new task may use, in bytes. */
  get memoryBytes(): number {
    return this.#options.memoryBytes ?? LIMITS.taskMemoryBytes;
  }

  #assertMemory(bytes: number): void {
    if (this.#options.isolation === "vm") return assertHostHas(bytes);
    if (bytes <= this.memoryBytes) return;
    const [asked, most] = [bytes, this.memoryBytes].map(memoryWords);
    throw new PiworkError(
      "LIMIT_EXCEEDED",
      `The task would have ${asked} of memory, and the machine that all tasks share was started for tasks of ${most}. Start the runtime with 'npx piwork up --isolation shared --memory SIZE', or give the task less.`,
    );
  }

  #makeFleet(): Fleet {
    const { places, agent, isolation, pool } = this.#options;
    const parts = {
      source: this.#source,
      files: filesPath,
      places: this.#filePlaces,
      agent,
      memoryOf: (task: string) => this.book.find(task).memoryBytes,
      observe: (id: string) => ({
        event: (event: RuntimeEvent) => this.#publishFromMachine(event),
        violation: (what: string) => this.log.warn("the machine broke the protocol", { id, what }),
        changed: (from: MachineState, to: MachineState, why: string) => this.#noteMachine(id, from, to, why),
        connection: (stream: Duplex, task: string) => this.network.serve(stream, task),
      }),
      lost: (machine: Machine, reason: PiworkError, tasks: readonly string[] | undefined) =>
        this.#loseMachine(machine, reason, tasks),
      isBusy: (tasks: readonly string[] | undefined) =>
        this.book.list().some(({ id, turn }) => turn !== null && (tasks === undefined || tasks.includes(id))),
    };
    if (isolation === "shared") return new OneMachine({ ...parts, memoryBytes: this.memoryBytes });
    return new MachineEach({
      ...parts,
      scratch: places.sockets,
      pool,
      park: () => this.tasks.park(),
      warn: this.log.warn,
    });
  }

  /** Has a machine ready for the first task. */
  async prepare(): Promise<void> {
    this.#ending.signal.throwIfAborted();
    try {
      await Promise.all([this.#fleet.prepare(), this.network.providers.prepare()]);
    } catch (error) {
      this.log.error("no machine", { error });
      throw error;
    } finally {
      this.#starting = null;
    }
  }

  #step(words: string): void {
    if (this.#starting !== null) this.#starting = words;
    this.#say(words);
  }

  #say(words: string): void {
    this.log.info(words);
    this.#options.progress(words);
  }

  #noteMachine(id: string, from: Machine["state"], to: Machine["state"], why: string): void {
    this.#history.add(id, from, to, why);
    this.log.info("machine", { id, from, to, why });
    if (from !== "unresponsive" && to !== "unresponsive") return;
    const payload = { requestId: null, message: `${id}: ${why}`.slice(0, 2000) };
    this.events.publish({ event: "runtime_warning", taskId: null, payload });
  }

  #loseMachine(machine: Machine, reason: PiworkError, tasks: readonly string[] | undefined): void {
    if (this.#ending.signal.aborted) return;
    this.log.error("a machine ended by itself", { id: machine.id, reason });
    const loss = new PiworkError(
      "PI_PROCESS_DEAD",
      `The machine ended, and with it what was under way: ${reason.message} The next request starts another one.`,
    );
    for (const { taskId, payload } of [...this.conversations.endings(loss)])
      if (tasks === undefined || tasks.includes(taskId)) this.events.publish({ event: "task_error", taskId, payload });
  }

  /** A turn that was ended because its task had added too much looks, to the machine, like any agent that was stopped. */
  #publishFromMachine(event: RuntimeEvent): void {
    const { taskId } = event;
    if (taskId === null) throw new ProtocolViolation("an event of no task");
    // A task that was deleted may have had something on its way.
    if (!this.book.has(taskId)) return;
    const reason = event.event === "task_error" ? this.#quota.verdict(taskId) : undefined;
    if (event.event === "task_error" && reason !== undefined)
      this.events.publish({ ...event, payload: { ...event.payload, error: reason.toBody() } });
    else this.events.publish(event);
  }

  /** Stops a task that has added too much. Whoever waits for its turn, or for it, is told by exactly one event. */
  async #endForQuota(id: string, reason: PiworkError): Promise<void> {
    this.log.warn("a task has added too much", { task: id, reason });
    const { growth, turn } = this.book.find(id);
    if (growth !== null) this.book.note(id, { growth: { ...growth, exceeded: reason.message } });
    if (turn === null) {
      const payload = { requestId: null, during: "idle", error: reason.toBody() } as const;
      this.events.publish({ event: "task_error", taskId: id, payload });
    }
    await this.tasks.stop(id, reason.message);
  }

  #logEvent({ event, taskId, payload, timestamp }: RuntimeEvent): void {
    if (event === "agent_output" || event === "exec_output") return;
    const bytes = JSON.stringify(payload).length;
    const leftOut = taskId === null ? 0 : this.#logShare.take(taskId, event, bytes, timestamp);
    if (leftOut !== undefined)
      this.log.info("event", { event, taskId, payload, ...(leftOut > 0 && { leftOutBefore: leftOut }) });
  }

  listFiles(task: string | undefined, area: Area, path: string): Promise<CallOutput<"task_files">> {
    return this.#files.list(this.book.find(task), area, path);
  }

  previewFile(task: string | undefined, area: Area, path: string, most: number): CallOutput<"task_preview"> {
    return this.#files.preview(this.book.find(task), area, path, most);
  }

  async inspectTask(task: string | undefined): Promise<CallOutput<"task_inspect">> {
    const record = this.book.find(task);
    const { id, createdAt } = record;
    const planted = await findPlanted(this.#files.directory(record, "folder"), new Date(createdAt));
    return { record: this.book.find(id), ask: this.#permissions.ask(id), planted };
  }

  async deleteTask(id: string): Promise<void> {
    await this.tasks.delete(id);
    this.#transcripts.forget(id);
    this.network.forget(id);
    this.#logShare.forget(id);
  }

  async changes(task: string | undefined): Promise<CallOutput<"task_changes">> {
    const record = this.book.find(task);
    return this.#baselines.changes(record, this.#files.directory(record, "folder"));
  }

  /** What a task can reach, with its walls as the kernels of its machine and of the host tell them now. */
  async boundary(task: string | undefined): Promise<CallOutput<"task_boundary">> {
    const { id, folder, sharedFolder, state } = this.book.find(task);
    const machine = this.#fleet.machineOf(id);
    const runs = machine?.state === "running" || machine?.state === "paused";
    const asked = runs && isOpen(state) && state !== "creating" ? machine : undefined;
    const restsOn = asked && this.#fleet.wake(asked);
    const guest =
      restsOn === undefined
        ? await asked?.bridge.request("runtime_diag", {}, { deadlineMs: DIAG_DEADLINE_MS })
        : undefined;
    const { used } = this.#source.acceleration ?? {};
    return {
      isolation: this.#options.isolation,
      folder,
      sharedFolder,
      machine: asked?.id ?? null,
      readAt: new Date().toISOString(),
      task: guest?.walls.find(({ taskId }) => taskId === id)?.layers ?? [],
      qemu: readHostWalls(asked?.pid),
      emulated: used === undefined ? null : used === "tcg",
      notAsked: restsOn ?? null,
      warnings: this.status().warnings,
    };
  }

  async importUpload(
    task: string,
    name: string,
    content: AsyncIterable<Buffer>,
  ): Promise<{ name: string; bytes: number }> {
    const { id } = this.book.find(task);
    try {
      return await this.#files.importUpload(id, name, content);
    } catch (error) {
      this.book.find(id); // it may have been deleted meanwhile
      throw error;
    }
  }

  status(): StatusView {
    const { places, workspace, unsafe, unconfinedQemu = false } = this.#options;
    const { broken, isWritten } = this.book;
    return {
      version: VERSION,
      pid: process.pid,
      startedAt: this.startedAt,
      workspace,
      state: places.state,
      logs: places.logs,
      isolation: this.#options.isolation,
      memoryBytes: this.memoryBytes,
      starting: this.#starting,
      acceleration: this.#source.acceleration ?? null,
      image: this.#source.image === undefined ? null : describeImage(this.#source.image),
      template: describeTemplate(this.#source.template),
      machines: this.#fleet.machines.map(describeMachine),
      tasks: this.book.list(),
      activeTask: this.book.activeId,
      warnings: warnings({
        isolation: this.#options.isolation,
        acceleration: this.#source.acceleration,
        unsafe: unsafe !== undefined,
        unconfinedQemu,
        broken,
        isWritten,
      }),
    };
  }

  /** Of machines that have tasks: one of the pool has nothing to say yet. */
  async diagnose(): Promise<CallOutput<"diag">> {
    const isOfUse = ({ task }: Present) => task !== null || this.#options.isolation === "shared";
    const running = this.#fleet.machines.filter(
      (present) => isOfUse(present) && (present.machine.state === "running" || present.machine.state === "paused"),
    );
    const silent: CallOutput<"diag">["silent"] = [];
    const machines = running.map(async ({ machine }) => {
      const why = this.#fleet.wake(machine);
      if (why !== undefined) return void silent.push({ machine: machine.id, why });
      // One that hangs, or that ends meanwhile, says nothing about the others.
      const guest = await hear(() => machine.bridge.request("runtime_diag", {}, { deadlineMs: DIAG_DEADLINE_MS }));
      if ("silent" in guest) return void silent.push({ machine: machine.id, why: guest.silent });
      return { machine: machine.id, qemu: [...machine.qemuWords], guest: guest.said };
    });
    const asked = (await Promise.all(machines)).filter((one) => one !== undefined);
    return { machines: asked, silent, history: this.#history.last };
  }

  /** What each machine's QEMU and taskd say now, beside what is believed here in the same moment. */
  async machineAnswers(patienceMs: number): Promise<CallOutput<"machine_answers">> {
    const { isolation, unconfinedQemu, unsafe } = this.#options;
    const believed = (owner: string | null) => ({
      records: this.book.list().filter(({ id }) => isolation === "shared" || id === owner),
      underway: this.tasks.underway,
    });
    // One of the pool that was woken would stay awake: it is paused once, for its task.
    const waits = ({ task }: Present) => task === null && isolation === "vm";
    return {
      confined: unconfinedQemu !== true && (unsafe?.without ?? []).length === 0,
      machines: await askMachines(this.#fleet.machines, {
        ...{ waits, believed, patienceMs },
        wake: (machine) => this.#fleet.wake(machine),
      }),
      history: this.#history.last,
    };
  }

  /** Ends every task, then the machines, then the runtime. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.tasks.stopAll();
    this.#ending.abort(new PiworkError("TASK_NOT_READY", "The runtime is stopping."));
    await this.#fleet.stop();
    await this.#source[Symbol.asyncDispose]();
    await this.network.providers[Symbol.asyncDispose]();
    this.log.info("runtime stopped");
    this.log.close();
    for (const lock of this.#locks) lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
