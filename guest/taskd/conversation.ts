import { setTimeout as delay } from "node:timers/promises";
import {
  type AgentRequest,
  agentModels,
  agentQuestion,
  agentState,
  type DialogAnswer,
  type DialogQuestion,
} from "../../runtime/protocol/agent.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { EventName, EventPayload } from "../../runtime/protocol/events.ts";
import type { ModelName, ThinkingLevel } from "../../runtime/protocol/kinds.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Result } from "../../runtime/protocol/rpc.ts";
import type { Agent } from "./agent.ts";
import type { Session } from "./session.ts";

export type EmitForTask = <N extends EventName>(event: N, payload: EventPayload<N>) => Promise<void>;

/** Time an agent has to end its turn after it was asked to; then it is ended itself. */
const ABORT_GRACE_MS = 10_000;

/** The agent of a task and what is said to it. Each prompt ends in exactly one agent_end or task_error. */
export class Conversation {
  readonly #emit: EmitForTask;
  readonly #questions = new Map<string, DialogQuestion>();
  #session: Session | undefined;
  #agent: Agent | undefined;
  #prompt: { id: string; watch: Disposable } | undefined;
  /** it was told that the agent asks too much */
  #isWarned = false;

  constructor(emit: EmitForTask) {
    this.#emit = emit;
  }

  /** Completed turns. */
  get turns(): number {
    return this.#session?.turns ?? 0;
  }

  /** The agent; undefined while none runs. */
  get agent(): Agent | undefined {
    return this.#agent;
  }

  get promptId(): string | null {
    return this.#prompt?.id ?? null;
  }

  get questions(): DialogQuestion[] {
    return [...this.#questions.values()];
  }

  /**
   * Goes on, with this agent, where the session was saved last; the agent is ended where that fails. `onLost` is told when it ends
   * by itself.
   */
  async start(
    agent: Agent,
    session: Session,
    { model, thinking, signal }: { model: ModelName | null; thinking: ThinkingLevel | null; signal: AbortSignal },
    onLost: (error: PiworkError) => void,
  ): Promise<void> {
    try {
      this.#session = session;
      await agent.takeUp(session.restore(), (message) => this.#hear(message), signal);
      this.#agent = agent;
      void agent.gone.then(async (error) => {
        if (this.#agent !== agent) return;
        this.#agent = undefined;
        onLost(error);
        if (this.#prompt !== undefined) await this.#endPrompt(this.#prompt.id, error);
      });
      if (model !== null) await this.#restore(this.setModel(model), `the model ${model.provider}/${model.id}`);
      if (thinking !== null) await this.#restore(this.setThinking(thinking), `the thinking level ${thinking}`);
    } catch (error) {
      await agent.kill();
      throw error;
    }
  }

  async #restore(choice: Promise<unknown>, what: string): Promise<void> {
    await choice.catch((error: PiworkError) => {
      const message = `The agent no longer takes ${what} and chose its own: ${error.message}`.slice(0, 2000);
      return this.#emit("runtime_warning", { requestId: null, message });
    });
  }

  async setThinking(level: ThinkingLevel): Promise<ThinkingLevel> {
    await demand(this.#running, "thinking level", { type: "set_thinking_level", level });
    const state = agentState.safeParse(await this.#running.askOrFail({ type: "get_state" }));
    return state.data?.data.thinkingLevel ?? level;
  }

  /** Says something to an agent that works. */
  async steer(message: string, when: "now" | "after"): Promise<void> {
    const agent = this.#running;
    if (this.#prompt === undefined)
      throw new PiworkError(
        "TASK_NOT_READY",
        "No prompt is in flight, so nothing can be said meanwhile; send a prompt.",
      );
    await demand(agent, "message", { type: when === "now" ? "steer" : "follow_up", message });
  }

  /** Takes a prompt; what comes of it arrives as events. */
  accept(requestId: string, message: string): () => void {
    const agent = this.#running;
    if (this.#prompt !== undefined)
      throw new PiworkError("TASK_BUSY", "A prompt is in flight; wait for its end or abort it.");
    this.#prompt = { id: requestId, watch: agent.watch() };
    this.#isWarned = false;
    return () => {
      void agent.ask({ type: "prompt", message }).then((answer) => {
        if (answer["success"] !== true) return this.#endPrompt(requestId, refusal("prompt", answer));
      });
    };
  }

  abort(): boolean {
    const [agent, prompt] = [this.#agent, this.#prompt];
    if (agent === undefined || prompt === undefined) return false;
    void agent.ask({ type: "abort" });
    const overdue = async () => {
      await Promise.race([agent.gone, delay(ABORT_GRACE_MS)]);
      const words = `The agent did not end its turn within ${ABORT_GRACE_MS / 1000} s of the abort and was ended.`;
      if (this.#prompt === prompt) await agent.kill(new PiworkError("PI_PROCESS_DEAD", words));
    };
    void overdue();
    return true;
  }

  answer(question: string, answer: DialogAnswer): void {
    if (!this.#questions.delete(question))
      throw new PiworkError("INVALID_REQUEST", "No question with this id is open; it may have been answered.");
    this.#running.tell({ type: "extension_ui_response", id: question, ...answer });
  }

  async models(): Promise<Result<"pi_get_available_models">> {
    const agent = this.#running;
    const available = agentModels.safeParse(await agent.askOrFail({ type: "get_available_models" }));
    const state = agentState.safeParse(await agent.askOrFail({ type: "get_state" }));
    if (!available.success) throw new PiworkError("INTERNAL_ERROR", "The agent does not say which models it has.");
    const models = available.data.data.models.slice(0, 1000).map(({ provider, id }) => ({ provider, id }));
    const current = state.success ? state.data.data.model : undefined;
    // Without any model, pi names one that does not exist.
    const known = models.find(({ provider, id }) => provider === current?.provider && id === current.id);
    return { models, current: known ?? null };
  }

  async setModel(model: ModelName): Promise<void> {
    await demand(this.#running, "model", { type: "set_model", provider: model.provider, modelId: model.id });
  }

  async stop(): Promise<void> {
    await this.#agent?.stop();
  }

  get #running(): Agent {
    if (this.#agent === undefined)
      throw new PiworkError("TASK_NOT_READY", "The task's agent does not run; switch to the task to start it.");
    return this.#agent;
  }

  async #hear(message: Record<string, unknown>): Promise<void> {
    const requestId = this.promptId;
    const question = message["type"] === "extension_ui_request" ? agentQuestion.safeParse(message).data : undefined;
    if (question !== undefined) return this.#ask(requestId, question);
    await this.#emit("agent_output", { requestId, message });
    if (this.#agent?.isOver(message) && requestId !== null) await this.#endPrompt(requestId);
  }

  async #ask(requestId: string | null, question: DialogQuestion): Promise<void> {
    const bytes = Buffer.byteLength(JSON.stringify([...this.#questions.values(), question]));
    if (this.#questions.size >= LIMITS.openQuestions || bytes > LIMITS.openQuestionBytes) {
      this.#agent?.tell({ type: "extension_ui_response", id: question.id, cancelled: true });
      if (this.#isWarned) return;
      this.#isWarned = true;
      await this.#emit("runtime_warning", {
        requestId,
        message:
          "The agent asked too many questions at once, or too long ones; they are cancelled, without further words until its next turn.",
      });
      return;
    }
    this.#questions.set(question.id, question);
    await this.#emit("extension_ui_request", { requestId, question });
  }

  async #endPrompt(requestId: string, error?: PiworkError): Promise<void> {
    if (this.#prompt?.id !== requestId) return;
    this.#prompt.watch[Symbol.dispose]();
    this.#prompt = undefined;
    this.#questions.clear();
    if (error !== undefined) return this.#emit("task_error", { requestId, during: "prompt", error: error.toBody() });
    await this.#emit("agent_end", { requestId, saved: await this.#save(requestId) });
  }

  async #save(requestId: string): Promise<boolean> {
    try {
      this.#session?.save(requestId);
      return true;
    } catch (error) {
      console.error("taskd: saving a session failed:", error);
      const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
      const why = error instanceof PiworkError ? error.message : full ? "the disk of the state directory is full." : "";
      await this.#emit("runtime_warning", {
        requestId,
        message: `This turn was not saved and would be lost with the agent: ${why || "writing the session file failed."}`,
      });
      return false;
    }
  }
}

async function demand(agent: Agent, what: string, request: AgentRequest): Promise<void> {
  const answer = await agent.askOrFail(request);
  if (answer["success"] !== true) throw refusal(what, answer);
}

function refusal(what: string, { error }: Record<string, unknown>): PiworkError {
  const reason = typeof error === "string" ? error.slice(0, 500) : "it gave no reason";
  return new PiworkError("INVALID_REQUEST", `The agent refused the ${what}: ${reason}`);
}
