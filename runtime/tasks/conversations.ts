import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Turn } from "../api/conversation.ts";
import type { TaskRecord } from "../api/record.ts";
import type { Bridge } from "../bridge/bridge.ts";
import type { DialogAnswer, DialogQuestion } from "../protocol/agent.ts";
import { PiworkError, toErrorBody } from "../protocol/errors.ts";
import type { EventOf, RuntimeEvent } from "../protocol/events.ts";
import type { Decision } from "../protocol/facts.ts";
import { askedPermission, PERMISSION_ANSWERS } from "../protocol/in-sandbox.ts";
import type { ModelName, ThinkingLevel } from "../protocol/kinds.ts";
import { execWeight, LIMITS } from "../protocol/limits.ts";
import type { Payload, Result } from "../protocol/rpc.ts";
import { isOpen } from "../protocol/states.ts";
import type { TaskBook } from "./book.ts";
import { QUICK_DEADLINE_MS, type Tasks, type TasksParts } from "./tasks.ts";
import type { Transcripts } from "./transcripts.ts";

/** A command's own time limit is enforced in the machine; this much later the host stops waiting. */
const EXEC_MARGIN_MS = 30_000;
/** Output of a command that waits to be read, after which taskd is none of ours: ours stops at a window, and the chunk under way. */
const MOST_UNTAKEN_BYTES = 2 * LIMITS.execWindowBytes;
/** Questions of one agent likewise: taskd cancels those beyond half of it. */
const MOST_ASKED = 2 * LIMITS.openQuestions;

type Parts = Pick<TasksParts, "book" | "fleet" | "events" | "quota" | "permissions" | "providers"> & {
  transcripts: Transcripts;
};

/** What is said to the agents of tasks, and the commands that run beside them. */
export class Conversations {
  readonly #tasks: Tasks;
  readonly #book: TaskBook;
  readonly #parts: Parts;
  /** what agents ask in each task, by the ids of their questions; those for a permission name it */
  readonly #asked = new Map<string, Map<string, string | undefined>>();

  constructor(tasks: Tasks, parts: Parts) {
    this.#tasks = tasks;
    this.#book = parts.book;
    this.#parts = parts;
    const names = ["extension_ui_request", "agent_end", "task_error", "task_stopped"] as const;
    parts.events.subscribe({ names }, (event) => this.#follow(event));
  }

  /** What was said and done in a task, as far as it is kept. */
  show(named: string | undefined): { turns: Turn[]; hasEarlier: boolean } {
    return this.#parts.transcripts.of(this.#book.find(named).id);
  }

  /** Sends a prompt and gives its events to `listener`, up to and with the one that ends it. */
  async prompt(named: string | undefined, message: string, listener: (event: RuntimeEvent) => void): Promise<void> {
    const { id } = this.#book.find(named);
    try {
      await this.#prompt(id, message, listener);
    } catch (error) {
      if (!(error instanceof PiworkError) || error.code !== "TASK_NOT_READY" || !this.#book.has(id)) throw error;
      // Its agent, or its machine, had just ended: nothing was begun, and opening it again is what a prompt does anyway.
      this.#tasks.noteLost(id);
      await this.#prompt(id, message, listener);
    }
  }

  async #prompt(id: string, message: string, listener: (event: RuntimeEvent) => void): Promise<void> {
    this.#assertModel(this.#book.find(id));
    const bridge = await this.#tasks.reach(id);
    await this.#keepModel(id);
    const record = this.#book.find(id);
    if (record.turn !== null)
      throw new PiworkError("TASK_BUSY", "A prompt is in flight; wait for its end, or abort it.");
    const requestId = randomUUID();
    const turn = { id: requestId, startedAt: new Date().toISOString() };
    // Written down first: whatever ends next, somebody will know that it was lost.
    this.#book.commit({ ...record, turn }, "the prompt");
    const { transcripts } = this.#parts;
    transcripts.begin(id, requestId, message);
    const over = new AbortController();
    using _events = this.#parts.events.subscribe({ task: id, request: requestId }, (event) => {
      listener(event);
      if (event.event === "agent_end" || event.event === "task_error") over.abort();
    });
    try {
      await bridge.request("prompt", { taskId: id, message }, { id: requestId, deadlineMs: QUICK_DEADLINE_MS });
    } catch (error) {
      // With the machine gone, an event may have said so.
      if (over.signal.aborted) return;
      transcripts.fail(id, requestId, toErrorBody(error, "sending the prompt"));
      this.#book.note(id, { turn: null });
      throw error;
    }
    if (!over.signal.aborted) await once(over.signal, "abort");
  }

  /** What was said to one model is not another's business: an agent whose model is gone would take whichever there is. */
  #assertModel({ agent, model }: TaskRecord): void {
    if (agent !== "pi" || model === null || this.#isThere(model)) return;
    throw new PiworkError(
      "INVALID_REQUEST",
      `The task's model ${model.provider}/${model.id} is not there any more, and no other one is told what was said to it. Choose one (piwork task models, then piwork task model PROVIDER/MODEL), or add its provider again.`,
    );
  }

  /** The model that the agent chose by itself is the task's from its first prompt on. */
  async #keepModel(id: string): Promise<void> {
    const { agent, model } = this.#book.find(id);
    if (agent !== "pi" || model !== null || this.#parts.providers().length === 0) return;
    const { current } = await this.models(id);
    if (current !== null) this.#book.commit({ ...this.#book.find(id), model: current }, "keeping the task's model");
  }

  #isThere({ provider, id }: ModelName): boolean {
    return this.#parts.providers().some(({ name, models }) => name === provider && models.some((one) => one.id === id));
  }

  async abort(named: string | undefined): Promise<Result<"abort">> {
    const { id, state } = this.#book.find(named);
    if (!isOpen(state)) return { aborted: false };
    const { bridge } = await this.#parts.fleet.enter(id);
    return bridge.request("abort", { taskId: id }, { deadlineMs: QUICK_DEADLINE_MS });
  }

  async questions(named: string | undefined): Promise<DialogQuestion[]> {
    const { id, state } = this.#book.find(named);
    if (!isOpen(state)) return [];
    const { bridge } = await this.#parts.fleet.enter(id);
    const { tasks } = await bridge.request("runtime_get_state", { taskId: id }, { deadlineMs: QUICK_DEADLINE_MS });
    return tasks[0]?.questions ?? [];
  }

  async answer(named: string | undefined, question: string, answer: DialogAnswer): Promise<void> {
    const { id } = this.#book.find(named);
    const bridge = await this.#tasks.reach(id);
    const permission = this.#asked.get(id)?.get(question);
    // Written down, and told to the agent, before it goes on: it would ask again.
    if (permission !== undefined && "value" in answer && answer.value === PERMISSION_ANSWERS.always) {
      this.#parts.permissions.allow(this.#book.find(id), permission);
      await this.#tellPermissions(id, bridge);
    }
    this.#asked.get(id)?.delete(question);
    await bridge.request("extension_ui_response", { taskId: id, question, answer }, { deadlineMs: QUICK_DEADLINE_MS });
  }

  /** What agents may do without asking again. */
  decisions(named: string | undefined): Decision[] {
    return this.#parts.permissions.list(named);
  }

  /** Forgets such decisions: one, those of a task, or all. */
  async clearDecisions(named: string | undefined, decision: string | undefined): Promise<{ cleared: number }> {
    const forgotten = this.#parts.permissions.clear(named, decision);
    for (const id of new Set(forgotten.map(({ task }) => task))) {
      if (!this.#book.has(id) || !isOpen(this.#book.find(id).state)) continue;
      await this.#tellPermissions(id, (await this.#parts.fleet.enter(id)).bridge);
    }
    return { cleared: forgotten.length };
  }

  async #tellPermissions(id: string, bridge: Bridge): Promise<void> {
    const permissions = this.#parts.permissions.of(this.#book.find(id));
    await bridge.request("task_permissions", { taskId: id, permissions }, { deadlineMs: QUICK_DEADLINE_MS });
  }

  /** Says something to an agent that works. */
  async steer(named: string | undefined, message: string, when: "now" | "after"): Promise<void> {
    const { id, turn } = this.#book.find(named);
    if (turn === null)
      throw new PiworkError(
        "TASK_NOT_READY",
        "No prompt is in flight, so nothing can be said meanwhile; send a prompt.",
      );
    const { bridge } = await this.#parts.fleet.enter(id);
    await bridge.request("steer", { taskId: id, message, when }, { deadlineMs: QUICK_DEADLINE_MS });
  }

  async setThinking(named: string | undefined, thinking: ThinkingLevel): Promise<TaskRecord> {
    const { id } = this.#book.find(named);
    const bridge = await this.#tasks.reach(id);
    await bridge.request("pi_set_thinking", { taskId: id, level: thinking }, { deadlineMs: QUICK_DEADLINE_MS });
    return this.#book.commit({ ...this.#book.find(id), thinking }, "keeping the choice of the thinking level");
  }

  async models(named: string | undefined): Promise<Result<"pi_get_available_models">> {
    const { id } = this.#book.find(named);
    const bridge = await this.#tasks.reach(id);
    return bridge.request("pi_get_available_models", { taskId: id }, { deadlineMs: QUICK_DEADLINE_MS });
  }

  async setModel(named: string | undefined, model: ModelName): Promise<TaskRecord> {
    const { id } = this.#book.find(named);
    const bridge = await this.#tasks.reach(id);
    try {
      await bridge.request("pi_set_model", { taskId: id, model }, { deadlineMs: QUICK_DEADLINE_MS });
    } catch (error) {
      if (!(error instanceof PiworkError) || error.code !== "INVALID_REQUEST" || !this.#isThere(model)) throw error;
      const words = `The task was opened before there was ${model.provider}/${model.id}. Stop it (piwork task stop); it has the model when it is opened again.`;
      throw new PiworkError("INVALID_REQUEST", words, { cause: error });
    }
    return this.#book.commit({ ...this.#book.find(id), model }, "keeping the choice of the model");
  }

  /** Runs a command inside a task; `signal` ends it there too. It is read no faster than `listener` takes it. */
  async exec(
    request: Pick<Payload<"system_bash">, "argv" | "timeoutMs" | "unconfined" | "without"> & {
      task?: string | undefined;
    },
    listener: (output: EventOf<"exec_output">["payload"]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Result<"system_bash">> {
    const { id } = this.#book.find(request.task);
    // The root of a machine, where there is one, need not wait for what is done to the task.
    const isForRoot = request.unconfined === true && this.#tasks.mayRun(id);
    const bridge = isForRoot ? (await this.#parts.fleet.enter(id)).bridge : await this.#tasks.reach(id);
    if (signal.aborted) throw new PiworkError("TASK_NOT_READY", "Whoever asked left while the task was opened.");
    const requestId = randomUUID();
    const { task: _, ...command } = request;
    const cancel = () => void bridge.request("abort", { taskId: id, request: requestId }).catch(() => {}); // gone already: that is what is wanted
    signal.addEventListener("abort", cancel);
    let passedOn = Promise.resolve();
    let untaken = 0;
    const output = { task: id, request: requestId, names: ["exec_output"] } as const;
    using _output = this.#parts.events.subscribe(output, ({ payload }) => {
      const weight = execWeight(Buffer.byteLength(payload.data, "base64"));
      untaken += weight;
      // taskd holds back what is more than a window; one that does not would have the host keep it.
      if (untaken > MOST_UNTAKEN_BYTES)
        return bridge.breakOff("it sent more output of a command than anybody had asked for");
      passedOn = passedOn
        .then(() => listener(payload))
        .then(() => {
          untaken -= weight;
          bridge.took(requestId, weight);
        });
    });
    try {
      const deadline = request.timeoutMs === undefined ? {} : { deadlineMs: request.timeoutMs + EXEC_MARGIN_MS };
      const end = await bridge.request("system_bash", { taskId: id, ...command }, { id: requestId, ...deadline });
      await passedOn;
      this.#assertWithinQuota(id);
      return end;
    } catch (error) {
      this.#assertWithinQuota(id);
      throw error;
    } finally {
      bridge.tookAll(requestId);
      signal.removeEventListener("abort", cancel);
    }
  }

  /** A command that the quota ended looks like any other that was killed. */
  #assertWithinQuota(id: string): void {
    const reason = this.#parts.quota.verdict(id);
    if (reason !== undefined) throw reason;
  }

  /** The events that end what was under way in a machine that is gone. */
  *endings(reason: PiworkError): Generator<{ taskId: string; payload: EventOf<"task_error">["payload"] }> {
    for (const { id, state, turn } of this.#book.list()) {
      if (!isOpen(state)) continue;
      const during = turn === null ? "idle" : "prompt";
      yield { taskId: id, payload: { requestId: turn?.id ?? null, during, error: reason.toBody() } };
    }
  }

  /** Keeps the turns in step with what the machines report. */
  #follow(event: EventOf<"extension_ui_request" | "agent_end" | "task_error" | "task_stopped">): void {
    const { taskId } = event;
    if (taskId === null || !this.#book.has(taskId)) return;
    if (event.event === "extension_ui_request") {
      const { id, title, method } = event.payload.question;
      const asked = this.#asked.get(taskId) ?? new Map<string, string | undefined>();
      this.#asked.set(taskId, asked.set(id, method === "select" ? askedPermission(title) : undefined));
      if (asked.size > MOST_ASKED)
        this.#parts.fleet.machineOf(taskId)?.bridge.breakOff(`more than ${MOST_ASKED} questions wait for an answer`);
      return;
    }
    // With its turn, an agent's questions are over.
    this.#asked.delete(taskId);
    const { turn } = this.#book.find(taskId);
    if (event.event === "task_stopped" || turn === null || turn.id !== event.payload.requestId) return;
    const failure = event.event === "task_error" ? event.payload.error : undefined;
    // A refused prompt was no turn.
    this.#book.endTurn(taskId, failure?.code === "INVALID_REQUEST" ? undefined : failure?.message);
  }
}
