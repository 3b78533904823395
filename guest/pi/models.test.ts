import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { describeProvider, readProviders } from "./models.ts";

const model = { id: "large", reasoning: true, contextWindow: 1000, maxTokens: 100 };
const provider = { name: "scripted", api: "openai-completions", models: [model] } as const;

test("a provider is reached by its route, with a key that opens nothing", () => {
  assert.deepEqual(describeProvider({ ...provider, models: [model] }), {
    api: "openai-completions",
    baseUrl: "http://127.0.0.1:3128/provider/scripted",
    apiKey: "added-by-the-host",
    models: [{ ...model, name: "large", input: ["text"], cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } }],
  });
});

test("there are those that taskd has written, and none before it has", () => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-models-"));
  try {
    const file = join(directory, "providers.json");
    assert.deepEqual(readProviders(file), []);
    writeFileSync(file, JSON.stringify([provider]));
    assert.deepEqual(readProviders(file), [provider]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
