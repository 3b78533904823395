/** A provider that a target has, and a naive proxy as well: somebody outside, at an address that no rule could allow. */
export const TESTED_PROVIDER = {
  kind: "remote",
  name: "tested",
  api: "openai-completions",
  models: [{ id: "none", reasoning: false, contextWindow: 1000, maxTokens: 1000 }],
  url: "http://127.0.0.1:8099/v1",
  key: "canary-key-of-a-provider-5f1d",
} as const;
