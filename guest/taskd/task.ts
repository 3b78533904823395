import { chownSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PiworkError, toErrorBody } from "../../runtime/protocol/errors.ts";
import type { EventName, EventPayload } from "../../runtime/protocol/events.ts";
import { openBeneath } from "../../runtime/protocol/open-beneath.ts";
import { type Payload, type Result, TASK_UID, type TaskState, type TaskView } from "../../runtime/protocol/rpc.ts";
import type { TaskDirectories } from "../walls/sandbox.ts";
import { Agent } from "./agent.ts";
import { Command } from "./command.ts";
import { bindPlace, PRIVATE_ROOT, sharePath, unmount } from "./shares.ts";

export type EmitForTask = <N extends EventName>(event: N, payload: EventPayload<N>) => Promise<void>;

/** Time an agent has to end its turn after it was asked to; then it is ended itself. */
const ABORT_GRACE_MS = 10_000;

/** One task in this machine: its folder, its agent and its commands. */
export class Task {
  readonly #request: Payload<"create_or_open_task">;
  readonly #emit: EmitForTask;
  readonly #commands = new Map<string, Command>();
  #state: TaskState = "creating";
  #agent: Agent | undefined;
  #promptId: string | null = null;
  #opening: Promise<void> | undefined;
  #stopping = false;
  #mountedFolder = false;

  constructor(request: Payload<"create_or_open_task">, emit: EmitForTask) {
    this.#request = request;
    this.#emit = emit;
  }

  get view(): TaskView {
    return {
      taskId: this.#request.taskId,
      state: this.#state,
      folder: this.#request.folder,
      agent: this.#request.agent,
      agentPid: this.#agent?.pid ?? null,
      promptId: this.#promptId,
      execIds: [...this.#commands.keys()],
    };
  }

  /** Opening a task again must name the same folder and agent: both are final. */
  assertSame(request: Payload<"create_or_open_task">): void {
    if (request.folder !== this.#request.folder) {
      throw new PiworkError(
        "WORKSPACE_POLICY_VIOLATION",
        "The task is open with another folder; a folder is bound once.",
      );
    }
    if (request.agent !== this.#request.agent)
      throw new PiworkError("INVALID_REQUEST", "The task is open with another agent.");
  }

  /** Mounts the folder and starts the agent, unless it runs already. */
  async open(): Promise<void> {
    if (this.#stopping) throw new PiworkError("TASK_NOT_FOUND", "The task is being stopped; open it again.");
    if (this.#agent !== undefined) return;
    this.#opening ??= this.#bootstrap().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  async #bootstrap(): Promise<void> {
    this.#state = "creating";
    try {
      await this.#emit("task_bootstrap_state", { step: "folder" });
      await this.#mountFolder();
      await this.#emit("task_bootstrap_state", { step: "agent" });
      const agent = await Agent.start(this.#request.agent, this.#directories, (message) => this.#hear(message));
      this.#agent = agent;
      agent.gone.then((error) => this.#lose(agent, error));
      this.#state = "ready";
    } catch (error) {
      this.#state = "errored";
      throw error;
    }
  }

  get #slot(): string {
    return `${PRIVATE_ROOT}/slots/${this.#request.taskId}`;
  }

  get #directories(): TaskDirectories {
    const own = `${sharePath("tasks")}/${this.#request.taskId}/guest`;
    return {
      work: `${this.#slot}/work`,
      tmp: `${this.#slot}/tmp`,
      outputs: `${own}/outputs`,
      uploads: `${own}/uploads`,
      home: `${own}/home`,
    };
  }

  async #mountFolder(): Promise<void> {
    if (this.#mountedFolder) return;
    const { taskId, folder } = this.#request;
    for (const name of ["outputs", "uploads", "home"])
      openBeneath(sharePath("tasks"), [taskId, "guest", name])[Symbol.dispose]();
    using place =
      folder === null
        ? openBeneath(sharePath("tasks"), [taskId, "guest", "outputs"])
        : openBeneath(sharePath("workspace"), folder.split("/"));
    mkdirSync(this.#directories.work, { recursive: true });
    mkdirSync(this.#directories.tmp, { recursive: true, mode: 0o700 });
    chownSync(this.#directories.tmp, TASK_UID, TASK_UID);
    await bindPlace(place, this.#directories.work);
    this.#mountedFolder = true;
  }

  activate(): void {
    if (this.#state !== "errored") this.#state = "active";
  }

  deactivate(): void {
    if (this.#state === "active") this.#state = "idle";
  }

  /** Takes a prompt; what comes of it arrives as events, and ends in exactly one agent_end or task_error. */
  acceptPrompt(requestId: string, message: string): () => void {
    const agent = this.#agent;
    if (agent === undefined)
      throw new PiworkError("TASK_NOT_READY", "The task's agent does not run; switch to the task to start it.");
    if (this.#promptId !== null)
      throw new PiworkError("TASK_BUSY", "A prompt is in flight; wait for its end or abort it.");
    this.#promptId = requestId;
    return () => {
      agent.ask({ type: "prompt", message }).then((answer) => {
        if (answer["success"] === true) return;
        const why = typeof answer["error"] === "string" ? answer["error"].slice(0, 500) : "it gave no reason";
        return this.#endPrompt(requestId, new PiworkError("INVALID_REQUEST", `The agent refused the prompt: ${why}`));
      });
    };
  }

  async abort(request: string | undefined): Promise<boolean> {
    if (request !== undefined) {
      this.#commands.get(request)?.kill();
      return this.#commands.has(request);
    }
    const agent = this.#agent;
    const promptId = this.#promptId;
    if (agent === undefined || promptId === null) return false;
    agent.ask({ type: "abort" });
    const overdue = async () => {
      await Promise.race([agent.gone, delay(ABORT_GRACE_MS, undefined, { ref: false })]);
      if (this.#promptId === promptId) await agent.kill();
    };
    void overdue();
    return true;
  }

  async exec(requestId: string, request: Payload<"system_bash">): Promise<Result<"system_bash">> {
    if (this.#stopping || !this.#mountedFolder)
      throw new PiworkError("TASK_NOT_READY", "The task is not open; switch to it first.");
    const command = new Command(this.#directories, request, (stream, data) =>
      this.#emit("exec_output", { requestId, stream, data }),
    );
    this.#commands.set(requestId, command);
    try {
      return await command.finished;
    } finally {
      this.#commands.delete(requestId);
    }
  }

  /** Ends everything of the task in this machine, for good: who opens the task again makes a new one of it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#opening?.catch(() => {});
    const commands = [...this.#commands.values()];
    for (const command of commands) command.kill();
    this.#state = "stopped";
    await Promise.all([this.#agent?.stop(), ...commands.map((command) => command.finished.catch(() => {}))]);
    if (this.#mountedFolder) {
      this.#mountedFolder = false;
      await unmount(this.#directories.work);
      // Never recursively: were the folder still mounted here, it would be the user's files.
      rmdirSync(this.#directories.work);
      rmSync(this.#directories.tmp, { recursive: true });
    }
    await this.#emit("task_stopped", {});
  }

  async #hear(message: Record<string, unknown>): Promise<void> {
    const requestId = this.#promptId;
    await this.#emit("agent_output", { requestId, message });
    if (message["type"] === "agent_end" && requestId !== null) await this.#endPrompt(requestId);
  }

  async #endPrompt(requestId: string, error?: PiworkError): Promise<void> {
    if (this.#promptId !== requestId) return;
    this.#promptId = null;
    if (error === undefined) await this.#emit("agent_end", { requestId });
    else await this.#emit("task_error", { requestId, during: "prompt", error: error.toBody() });
  }

  async #lose(agent: Agent, error: PiworkError): Promise<void> {
    if (this.#agent !== agent) return;
    this.#agent = undefined;
    const promptId = this.#promptId;
    const wasStopped = this.#state === "stopped";
    if (!wasStopped) this.#state = "errored";
    if (promptId !== null) await this.#endPrompt(promptId, error);
    else if (!wasStopped)
      await this.#emit("task_error", {
        requestId: null,
        during: "idle",
        error: toErrorBody(error, "running the agent"),
      });
  }
}
