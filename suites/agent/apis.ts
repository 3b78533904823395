import assert from "node:assert/strict";
import { piwork, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { EVERY_API } from "../../harness/scripted-model/program.ts";
import type { AskedRequest } from "../../harness/scripted-model/records.ts";
import { type ProviderApi, providerApi } from "../../runtime/protocol/providers.ts";
import { ScriptedServer } from "../../runtime/scripted-model/process.ts";

export const APIS = providerApi.options;

/** What an address ends with, before what pi adds to it by this API. */
const BEGINNINGS: Record<ProviderApi, string> = {
  "openai-completions": "/v1",
  "openai-responses": "/v1",
  "anthropic-messages": "",
  "google-generative-ai": "/v1beta",
};

/** A provider of each API, by the API's name; all are one server, which takes the key where the API wants it and nowhere else. */
export class ProviderOfEachApi implements AsyncDisposable {
  readonly #server = new ScriptedServer(EVERY_API);
  readonly #words: string[];

  private constructor(sandbox: Sandbox) {
    this.#words = [...sandbox.words, "provider"];
  }

  static async add(sandbox: Sandbox, model: string): Promise<ProviderOfEachApi> {
    const providers = new ProviderOfEachApi(sandbox);
    try {
      for (const api of APIS) await providers.#add(api, model);
      return providers;
    } catch (error) {
      await providers[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #add(api: ProviderApi, model: string): Promise<void> {
    const { port, key } = await this.#server.address();
    const url = `http://127.0.0.1:${port}${BEGINNINGS[api]}`;
    const words = ["add", api, "--url", url, "--api", api, "--model", model, "--key-stdin"];
    const added = await piwork([...this.#words, ...words], { input: key });
    assert.equal(added.code, 0, added.stderr);
  }

  /** What the server was asked, and how often without the key. */
  async requests(): Promise<{ unauthorized: number; requests: AskedRequest[] }> {
    const { port, key } = await this.#server.address();
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`http://127.0.0.1:${port}/control/requests`, { headers });
    return (await response.json()) as { unauthorized: number; requests: AskedRequest[] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const api of APIS) await piwork([...this.#words, "remove", api]);
    await this.#server[Symbol.asyncDispose]();
  }
}
