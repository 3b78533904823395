import * as z from "zod";

/** Where a task finds its own proxy: a loopback address of its own, behind its own walls. */
export const NETWORK_PORT = 3128;

/** What a model's server speaks, in pi's words. */
export const providerApi = z.enum([
  "openai-completions",
  "openai-responses",
  "anthropic-messages",
  "google-generative-ai",
]);
export type ProviderApi = z.infer<typeof providerApi>;

export const providerName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    "a provider's name is up to 32 of a-z, 0-9 and '-', and starts with a letter or digit",
  );

const providerModel = z.strictObject({
  id: z.string().min(1).max(200),
  /** it thinks before it answers, as much as it is told to */
  reasoning: z.boolean(),
  /** tokens that fit into a conversation, and into one answer */
  contextWindow: z.number().int().positive(),
  maxTokens: z.number().int().positive(),
});

/** What a task may know of a provider. Its address and its key stay on the host. */
export const providerView = z.strictObject({
  name: providerName,
  api: providerApi,
  models: z.array(providerModel).min(1).max(100),
});
export type ProviderView = z.infer<typeof providerView>;

/** Where a task speaks to a provider: plain HTTP to its own proxy; the host adds address, key and TLS. */
export function providerRoute(name: string): string {
  return `http://127.0.0.1:${NETWORK_PORT}/provider/${name}`;
}
