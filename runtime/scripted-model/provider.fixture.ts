import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";

/** What came of a streamed answer. */
export interface Streamed {
  status: number;
  content: string;
  reasoning: string;
  calls: { id: string; name: string; arguments: string; pieces: number }[];
  finish: string | null;
  usage: Record<string, unknown> | undefined;
  chunks: number;
  isDone: boolean;
  /** what ended it too early */
  broken: string | undefined;
}

/** An event of a stream. */
export interface Heard {
  /** what it says it is, where it says it */
  name: string | undefined;
  data: string;
}

interface Chunk {
  choices: {
    delta: {
      content?: string;
      reasoning_content?: string;
      tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
    };
    finish_reason: string | null;
  }[];
  usage?: Record<string, unknown>;
}

const TOOLS = ["read", "bash", "edit", "write"].map((name) => ({ type: "function", function: { name } }));

function startProgram(program: string, key: string) {
  return execa(process.execPath, ["--import", "tsx", program], {
    stdin: "pipe",
    stderr: "inherit",
    buffer: false,
    reject: false,
    env: { PIWORK_SCRIPTED_KEY: key },
  });
}

/** The program as it is started, and requests to it. */
export class ScriptedProvider implements AsyncDisposable {
  readonly key = randomBytes(8).toString("hex");
  readonly server: ReturnType<typeof startProgram>;
  url = "";

  private constructor(program: string) {
    this.server = startProgram(program, this.key);
  }

  static async start(program = join(import.meta.dirname, "main.ts")): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider(program);
    const lines = createInterface({ input: provider.server.stdout });
    const [line] = (await once(lines, "line")) as [string];
    provider.url = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
    return provider;
  }

  /** `headers` have the key, where it is not to be where OpenAI wants it. */
  async fetch(
    path: string,
    body?: unknown,
    headers: Record<string, string> = { authorization: `Bearer ${this.key}` },
  ): Promise<Response> {
    return fetch(this.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** Asks as the agent does. What the assistant and the tools said since the prompt follows it. */
  async ask(prompt: string, since: readonly object[] = [], more: object = {}): Promise<Streamed> {
    const messages = [{ role: "system", content: "You are a test." }, { role: "user", content: prompt }, ...since];
    const options = { stream: true, stream_options: { include_usage: true }, tools: TOOLS };
    const response = await this.fetch("/v1/chat/completions", { model: "scripted", messages, ...options, ...more });
    return read(response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.stdin.end();
    await this.server;
  }
}

/** What follows a prompt once the assistant has called a tool and the tool has answered. */
export function after(result: string): object[] {
  return [
    { role: "assistant", content: null, tool_calls: [] },
    { role: "tool", tool_call_id: "call", content: result },
  ];
}

async function read(response: Response): Promise<Streamed> {
  const seen: Streamed = {
    status: response.status,
    content: "",
    reasoning: "",
    calls: [],
    finish: null,
    usage: undefined,
    chunks: 0,
    isDone: false,
    broken: undefined,
  };
  if (response.status !== 200) return { ...seen, content: await response.text() };
  try {
    for await (const { data } of eventsOf(response)) take(seen, data);
  } catch (error) {
    seen.broken = String(error);
  }
  return seen;
}

/** The events of a stream, as they come; what is left at its end is none. */
export async function* eventsOf(response: Response): AsyncGenerator<Heard> {
  let rest = "";
  for await (const bytes of response.body ?? []) {
    rest += Buffer.from(bytes).toString("utf8");
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const [, name, data = ""] = /^(?:event: (.*)\n)?data: (.*)$/.exec(rest.slice(0, end)) ?? [];
      yield { name, data };
      rest = rest.slice(end + 2);
    }
  }
}

function take(seen: Streamed, data: string): void {
  if (data === "[DONE]") {
    seen.isDone = true;
    return;
  }
  seen.chunks++;
  const { choices, usage } = JSON.parse(data) as Chunk;
  seen.usage = usage ?? seen.usage;
  for (const { delta, finish_reason } of choices) {
    seen.content += delta.content ?? "";
    seen.reasoning += delta.reasoning_content ?? "";
    seen.finish = finish_reason ?? seen.finish;
    for (const { index, id = "", function: called } of delta.tool_calls ?? []) {
      seen.calls[index] ??= { id, name: called.name ?? "", arguments: "", pieces: 0 };
      const call = seen.calls[index];
      call.arguments += called.arguments;
      call.pieces++;
    }
  }
}
