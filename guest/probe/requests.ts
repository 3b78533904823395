import { meetPrompt } from "./behaviours.ts";
import { say } from "./output.ts";
import { receiveAnswer } from "./questions.ts";
import type { ProbeSession } from "./session.ts";
import type { Act, Prompt } from "./turns.ts";

type Request = Record<string, unknown>;

const MODELS = [
  { provider: "probe", id: "echo" },
  { provider: "probe", id: "mute" },
];

/** Answers pi's RPC, as much of it as is asked of an agent. */
export class ProbeRpc {
  readonly #session: ProbeSession;
  /** ends the turn that runs */
  #turn: AbortController | undefined;
  #model: (typeof MODELS)[number] | null = null;

  constructor(session: ProbeSession) {
    this.#session = session;
  }

  receive(request: Request): void {
    switch (request["type"]) {
      case "get_state":
        return respond(request, { data: { model: this.#model, isStreaming: this.#turn !== undefined } });
      case "get_messages":
        return respond(request, { data: { messages: this.#session.messages } });
      case "get_available_models":
        return respond(request, { data: { models: MODELS } });
      case "set_model":
        return this.#setModel(request);
      case "switch_session":
        return this.#switchSession(request);
      case "abort":
        this.#turn?.abort();
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
    if (this.#turn !== undefined) return respond(request, { error: "a turn is running" });
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
    if (this.#turn !== undefined) return respond(request, { error: "a turn is running" });
    const prompt: Prompt = {
      refuse: (error) => respond(request, { error }),
      takeTurn: (act) => {
        respond(request);
        return this.#take(message, act);
      },
    };
    void meetPrompt(prompt, message);
  }

  async #take(message: string, act: Act): Promise<void> {
    this.#turn = new AbortController();
    enter("/work");
    say({ type: "agent_start" });
    say({ type: "turn_start" });
    const answer = await act({ signal: this.#turn.signal, session: this.#session });
    say({ type: "turn_end" });
    // Everything that a turn leaves behind is there before its end is known.
    this.#session.keep(message, answer);
    enter("/");
    this.#turn = undefined;
    say({ type: "agent_end", messages: [] });
  }
}

function respond(request: Request, answer: { data: object } | { error: string } | object = {}): void {
  say({ id: request["id"], type: "response", command: request["type"], success: !("error" in answer), ...answer });
}

/** Between turns another folder may be mounted on /work, which a process that stayed in it would not see. */
function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    console.error(`probe: could not enter ${folder}: ${(error as Error).message}`);
  }
}
