import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import type { ProviderView } from "../protocol/providers.ts";
import { rehearsalAnswer } from "../protocol/rehearsal-answer.ts";

export const REHEARSAL_PROVIDER: ProviderView = {
  name: "rehearsal",
  api: "openai-completions",
  models: [{ id: "rehearsal", reasoning: false, contextWindow: 128_000, maxTokens: 4096 }],
};

/** The model of a rehearsal. Nothing leaves the host for it. */
export class RehearsalModel {
  readonly #server = createServer((request, response) => {
    text(request)
      .then((body) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(rehearsalAnswer(body));
      })
      .catch(() => response.destroy()); // what cannot be understood gets no answer
  });

  /** Serves a connection of the machine that rehearses. */
  serve(stream: Duplex): void {
    this.#server.emit("connection", stream);
  }
}
