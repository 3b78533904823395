import assert from "node:assert/strict";
import { test } from "node:test";
import { modelsFile } from "./models.ts";

const model = { id: "large", reasoning: true, contextWindow: 1000, maxTokens: 100 };

test("each provider is reached by its route, with a key that opens nothing", () => {
  const file = modelsFile([{ name: "scripted", api: "openai-completions", models: [model] }]);
  assert.deepEqual(file, {
    providers: {
      scripted: {
        api: "openai-completions",
        baseUrl: "http://127.0.0.1:3128/provider/scripted",
        apiKey: "added-by-the-host",
        models: [{ id: "large", name: "large", reasoning: true, contextWindow: 1000, maxTokens: 100 }],
      },
    },
  });
});

test("without providers there is a file that names none", () => assert.deepEqual(modelsFile([]), { providers: {} }));
