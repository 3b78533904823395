import { meetPrompt } from "./behaviours.ts";
import { say } from "./output.ts";
import { receiveAnswer } from "./questions.ts";
import type { ProbeSession } from "./session.ts";
import { ProbeTurns, type Prompt } from "./turns.ts";

type Request = Record<string, unknown>;

const MODELS = [
  { provider: "probe", id: "echo" },
  { provider: "probe", id: "mute" },
];

/** Answers pi's RPC, as much of it as is asked of an agent. */
export class ProbeRpc {
  readonly #session: ProbeSession;
  readonly #turns: ProbeTurns;
  #model: (typeof MODELS)[number] | null = null;

  constructor(session: ProbeSession) {
    this.#session = session;
    this.#turns = new ProbeTurns(session);
  }

  receive(request: Request): void {
    switch (request["type"]) {
      case "get_state":
        return respond(request, { data: { model: this.#model, isStreaming: this.#turns.running } });
      case "get_messages":
        return respond(request, { data: { messages: this.#session.messages } });
      case "get_available_models":
        return respond(request, { data: { models: MODELS } });
      case "set_model":
        return this.#setModel(request);
      case "switch_session":
        return this.#switchSession(request);
      case "abort":
        this.#turns.abort();
        return respond(request);
      case "prompt":
        return this.#prompt(request);
      case "extension_ui_response":
        return receiveAnswer(request); // gets no response
      default:
        return respond(request, { error: "the probe does not know this command" });
    }
  }

  #switchSession(request: Request): void {
    const path = request["sessionPath"];
    if (typeof path !== "string") return respond(request, { error: "a session has a path" });
    if (this.#turns.running) return respond(request, { error: "a turn is running" });
    try {
      this.#session.switchTo(path);
    } catch (error) {
      return respond(request, { error: `the session in ${path} cannot be used: ${(error as Error).message}` });
    }
    respond(request, { data: { cancelled: false } });
  }

  #setModel(request: Request): void {
    const model = MODELS.find(({ provider, id }) => provider === request["provider"] && id === request["modelId"]);
    if (model === undefined) return respond(request, { error: "the probe does not know this model" });
    this.#model = model;
    respond(request, { data: model });
  }

  #prompt(request: Request): void {
    const message = request["message"];
    if (typeof message !== "string") return respond(request, { error: "a prompt needs a message" });
    if (this.#turns.running) return respond(request, { error: "a turn is running" });
    const prompt: Prompt = {
      refuse: (error) => respond(request, { error }),
      takeTurn: (act) => {
        respond(request);
        return this.#turns.take(message, act);
      },
    };
    void meetPrompt(prompt, message);
  }
}

function respond(request: Request, answer: { data: object } | { error: string } | object = {}): void {
  say({ id: request["id"], type: "response", command: request["type"], success: !("error" in answer), ...answer });
}
