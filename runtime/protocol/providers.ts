import * as z from "zod";

/** Where a task finds its own proxy: a loopback address of its own, behind its own walls. */
export const NETWORK_PORT = 3128;

export const providerApi = z
  .enum(["openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai"])
  .describe("API of the provider's server, as pi names it.");
export type ProviderApi = z.infer<typeof providerApi>;

export const providerName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    "a provider's name is up to 32 of a-z, 0-9 and '-', and starts with a letter or digit",
  )
  .describe("Name of the provider.");

const providerModel = z
  .strictObject({
    id: z.string().min(1).max(200).describe("Id of the model, as its provider names it."),
    reasoning: z.boolean().describe("Whether the model can think before it answers."),
    contextWindow: z.int().positive().describe("Size of a conversation, in tokens."),
    maxTokens: z.int().positive().describe("Size of one answer, in tokens."),
  })
  .meta({ title: "model of a provider", description: "Model that a provider serves." });

export const providerView = z
  .strictObject({
    name: providerName,
    api: providerApi,
    models: z.array(providerModel).min(1).max(100).describe("Models of the provider."),
  })
  .meta({
    title: "provider",
    description: "Provider of models, as a task may know it. The address and the key stay on the host.",
  });
export type ProviderView = z.infer<typeof providerView>;

/** Where a task speaks to a provider: plain HTTP to its own proxy; the host adds address, key and TLS. */
export function providerRoute(name: string): string {
  return `http://127.0.0.1:${NETWORK_PORT}/provider/${name}`;
}
