import { PiworkError, toErrorBody } from "../../runtime/protocol/errors.ts";
import type { Permissions, TaskFacts } from "../../runtime/protocol/facts.ts";
import type { History } from "../../runtime/protocol/history.ts";
import { FACTS_IN_SANDBOX, PROVIDERS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import type { ModelName, ThinkingLevel } from "../../runtime/protocol/kinds.ts";
import type { Payload, Result, TaskView } from "../../runtime/protocol/rpc.ts";
import { TASK_TRANSITIONS, type TaskState } from "../../runtime/protocol/states.ts";
import type { Link } from "../link/link.ts";
import { type Sabotage, Sandbox } from "../walls/sandbox.ts";
import { Agent } from "./agent.ts";
import { TaskCommand } from "./command.ts";
import { Conversation, type EmitForTask } from "./conversation.ts";
import { filesOf } from "./files/paths.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { Session } from "./session.ts";
import type { Slot } from "./slot.ts";
import type { Slots } from "./slots.ts";

/** Time in which the answer to a command leaves, in milliseconds: making the next one's sandbox would hold it up. */
const SPARE_AFTER_MS = 5;

/** One task in this machine: its folder, its agent and its commands. */
export class Task {
  readonly conversation = new Conversation((event, payload) => {
    // What ended a turn is told before the end.
    if ((event === "agent_end" || event === "task_error") && "requestId" in payload)
      this.#memory?.look(payload.requestId);
    return this.#emit(event, payload);
  });
  /** as it was opened, with the folder, model, thinking level and permissions that it has now */
  readonly #request: Payload<"create_or_open_task">;
  readonly #slots: Slots;
  readonly #link: Link;
  readonly #history: History;
  readonly #commands = new Map<string, TaskCommand>();
  readonly #stopping = new AbortController();
  #slot: Slot | undefined;
  #memory: MemoryWatch | undefined;
  #session: Session | undefined;
  #state: TaskState = "missing";
  #opening: Promise<void> | undefined;
  #binding = false;

  constructor(request: Payload<"create_or_open_task">, slots: Slots, link: Link, history: History) {
    this.#request = { ...request };
    this.#slots = slots;
    this.#link = link;
    this.#history = history;
  }

  get view(): TaskView {
    return {
      taskId: this.#request.taskId,
      state: this.#state,
      folder: this.#request.folder,
      agent: this.#request.agent,
      turns: this.conversation.turns,
      agentPid: this.conversation.agent?.pid ?? null,
      promptId: this.conversation.promptId,
      execIds: [...this.#commands.keys()],
    };
  }

  /** Processes of the task, without those of an agent that waits for a prompt. */
  get processes(): number {
    const { promptId, agent } = this.conversation;
    const own = promptId === null ? (agent?.ownProcesses ?? 0) : 0;
    return (this.#slot?.processes ?? 0) - own;
  }

  /** Mounts the folder and starts the agent, unless it runs already; then binds the folder that is named now, where it has none. */
  async open(request: Payload<"create_or_open_task">): Promise<void> {
    if (request.agent !== this.#request.agent)
      throw new PiworkError("INVALID_REQUEST", "The task is open with another agent.");
    await this.start();
    const { folder } = this.#request;
    if (request.folder === folder) return;
    if (folder !== null || request.folder === null)
      throw new PiworkError("WORKSPACE_POLICY_VIOLATION", "The task has another folder; a folder is bound once.");
    await this.#bind(request.folder);
    this.setPermissions(request.permissions);
  }

  /** Starts the agent, unless it runs already. */
  async start(): Promise<void> {
    if (this.#stopping.signal.aborted)
      throw new PiworkError("TASK_NOT_FOUND", "The task is being stopped; open it again.");
    if (this.conversation.agent !== undefined) return;
    this.#opening ??= this.#bootstrap().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  async #bootstrap(): Promise<void> {
    this.#become("creating", "opened");
    try {
      await this.#emit("task_bootstrap_state", { step: "agent" });
      const agent = await this.#findAgent();
      this.#session ??= new Session(this.#seatedSlot, this.#request.taskId, this.#request.agent);
      const how = { ...this.#request, signal: this.#stopping.signal };
      await this.conversation.start(agent, this.#session, how, (error) => this.#loseAgent(error));
      if (this.conversation.agent === undefined)
        throw new PiworkError("PI_PROCESS_DEAD", "The agent ended as soon as it had started; open the task again.");
      this.#become("ready", "the agent answers");
    } catch (error) {
      if (this.#state !== "errored") this.#become("errored", error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** An agent in the task's slot. What else runs there, and what is in its memory, outlives an agent. */
  async #findAgent(): Promise<Agent> {
    const { agent: kind, taskId } = this.#request;
    const { signal } = this.#stopping;
    if (this.#slot !== undefined) return Agent.start(kind, this.#slot.confinement, signal);
    const files = filesOf(this.#request.files);
    const { slot, agent } = await this.#slots.take(kind, files.owner(), signal);
    this.#slot = slot;
    try {
      slot.setMemory(this.#request.memoryBytes);
      this.#memory = new MemoryWatch(
        slot,
        () => this.conversation.promptId,
        (requestId, message) => void this.#emit("runtime_warning", { requestId, message }),
      );
      await this.#emit("task_bootstrap_state", { step: "folder" });
      await slot.give(taskId, files.open(taskId, this.#request.folder));
      slot.tell(PROVIDERS_IN_SANDBOX, this.#request.providers);
      this.#tellFacts(slot);
    } catch (error) {
      await agent.kill();
      await this.#leave();
      throw error;
    }
    return agent;
  }

  #emit: EmitForTask = (event, payload) => this.#link.emit(this.#request.taskId, event, payload);

  get #seatedSlot(): Slot {
    if (this.#slot === undefined) throw new PiworkError("TASK_NOT_READY", "The task is not open; switch to it first.");
    return this.#slot;
  }

  async #bind(folder: string): Promise<void> {
    // What runs may hold the old /work open, and would go on there.
    if (this.#binding || this.conversation.promptId !== null || this.#commands.size > 0)
      throw new PiworkError(
        "TASK_BUSY",
        "A folder is bound while nothing runs in the task; wait for its end, or abort it.",
      );
    this.#binding = true;
    try {
      await this.#seatedSlot.bind(folder);
      this.#request.folder = folder;
      this.#tellFacts(this.#seatedSlot);
    } finally {
      this.#binding = false;
    }
  }

  setPermissions(permissions: Permissions): void {
    this.#request.permissions = permissions;
    if (this.#slot !== undefined) this.#tellFacts(this.#slot);
  }

  #tellFacts(slot: Slot): void {
    slot.tell(FACTS_IN_SANDBOX, factsOf(this.#request));
  }

  activate(): void {
    if (this.#state === "ready" || this.#state === "idle") this.#become("active", "switched to");
  }

  deactivate(): void {
    if (this.#state === "active") this.#become("idle", "switched away");
  }

  accept(requestId: string, message: string): () => void {
    this.#assertSettled();
    return this.conversation.accept(requestId, message);
  }

  /** Chooses the model, for this agent and those after it. */
  async setModel(model: ModelName): Promise<void> {
    await this.conversation.setModel(model);
    this.#request.model = model;
  }

  /** The same for how much it thinks. */
  async setThinking(level: ThinkingLevel): Promise<ThinkingLevel> {
    const taken = await this.conversation.setThinking(level);
    this.#request.thinking = level;
    return taken;
  }

  /** Ends the command with this request id, or the prompt in flight. */
  abort(request: string | undefined): boolean {
    if (request === undefined) return this.conversation.abort();
    this.#commands.get(request)?.kill();
    return this.#commands.has(request);
  }

  async exec(
    requestId: string,
    request: Payload<"system_bash">,
    sabotage: Sabotage | undefined,
  ): Promise<Result<"system_bash">> {
    this.#assertSettled();
    const slot = this.#seatedSlot;
    if (this.#stopping.signal.aborted)
      throw new PiworkError("TASK_NOT_READY", "The task is not open; switch to it first.");
    const processes =
      sabotage === undefined ? slot.run(request.argv) : new Sandbox(slot.confinement, "/work", request.argv, sabotage);
    const command = new TaskCommand(processes, request, requestId, this.#link);
    this.#commands.set(requestId, command);
    const endedBefore = this.#memory?.count ?? 0;
    try {
      const end = await command.finished;
      return { ...end, outOfMemory: this.#memory?.since(endedBefore) ?? null };
    } finally {
      this.#commands.delete(requestId);
      if (this.#commands.size === 0) setTimeout(() => slot.keepSpare(), SPARE_AFTER_MS);
    }
  }

  /** Ends everything of the task in this machine, for good: who opens the task again makes a new one of it. */
  async stop(): Promise<void> {
    this.#stopping.abort(new PiworkError("TASK_NOT_FOUND", "The task was stopped while it was opened."));
    await this.#opening?.catch(() => {});
    if (this.#state !== "stopped") this.#become("stopped", "stopped");
    const commands = [...this.#commands.values()];
    for (const command of commands) command.kill();
    await Promise.all([this.conversation.stop(), ...commands.map((command) => command.finished.catch(() => {}))]);
    await this.#leave();
    await this.#emit("task_stopped", {});
  }

  /** Leaves nothing of a task that never came up. */
  async discard(): Promise<void> {
    this.#stopping.abort(new PiworkError("TASK_NOT_FOUND", "The task could not be opened."));
    await this.#leave();
  }

  /** Nothing of it can be started from now on, and whatever still runs is ended. */
  async #leave(): Promise<void> {
    const slot = this.#slot;
    this.#slot = undefined;
    this.#memory?.[Symbol.dispose]();
    this.#memory = undefined;
    await slot?.remove();
  }

  #loseAgent(error: PiworkError): void {
    if (this.#state === "stopped") return;
    const wasIdle = this.conversation.promptId === null;
    this.#become("errored", error.message);
    // With a prompt in flight, the error that ends it says so.
    if (wasIdle)
      void this.#emit("task_error", {
        requestId: null,
        during: "idle",
        error: toErrorBody(error, "running the agent"),
      });
  }

  #assertSettled(): void {
    if (this.#binding) throw new PiworkError("TASK_BUSY", "A folder is being bound; try again.");
  }

  #become(state: TaskState, why: string): void {
    const { taskId } = this.#request;
    if (!TASK_TRANSITIONS[this.#state].includes(state))
      console.error(`taskd: task ${taskId} must not go from ${this.#state} to ${state}`);
    this.#history.add(taskId, this.#state, state, why);
    this.#state = state;
  }
}

/** What an agent is told of its task, with the folder that it has now. */
function factsOf({ folder, permissions, memoryBytes }: Payload<"create_or_open_task">): TaskFacts {
  const places = [
    { path: "/work", what: folder === null ? "the same as /outputs" : `the user's folder '${folder}'`, writable: true },
    { path: "/outputs", what: "what the user receives", writable: true },
    { path: "/uploads", what: "what the user gave", writable: false },
    { path: "/tmp", what: "for the time being, gone with the agent", writable: true },
    { path: "/home/task", what: "the home of this task", writable: true },
  ];
  return { folder, places, decisions: permissions.decisions, ask: permissions.ask, memoryBytes };
}
