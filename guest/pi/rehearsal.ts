import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { AgentSession } from "pi/core/agent-session.js";
import type { ProviderView } from "../../runtime/protocol/providers.ts";
import { rehearsalAnswer, USE_A_TOOL } from "../../runtime/protocol/rehearsal-answer.ts";
import { TEMPLATE_YEAR } from "../../runtime/protocol/template-year.ts";
import { describeProvider } from "./models.ts";

/** Prompts after which V8 has settled most of what a turn runs. */
const PROMPTS = ["hello", USE_A_TOOL, "hello", USE_A_TOOL];

/** A provider with one model, at this address. */
export type RehearsalProvider = ReturnType<typeof providerAt>;

/**
 * In a machine that becomes a template, takes a few turns before there is a task: what has been loaded and run by then, no clone
 * has to load and run for the first time. The model is this process itself; nothing is kept.
 */
export async function rehearse(makeSession: (provider: RehearsalProvider) => Promise<AgentSession>): Promise<void> {
  if (new Date().getUTCFullYear() > TEMPLATE_YEAR) return;
  const server = createServer((request, response) => {
    text(request)
      .then((body) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(rehearsalAnswer(body));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const session = await makeSession(providerAt((server.address() as AddressInfo).port));
    for (const prompt of PROMPTS) await session.prompt(prompt);
    session.dispose();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function providerAt(port: number) {
  const model = { id: "rehearsal", reasoning: false, contextWindow: 128_000, maxTokens: 4096 };
  const provider: ProviderView = { name: "rehearsal", api: "openai-completions", models: [model] };
  return describeProvider(provider, `http://127.0.0.1:${port}`);
}
