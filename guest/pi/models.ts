import { type ProviderView, providerRoute } from "../../runtime/protocol/providers.ts";

/** pi wants a key for each provider. The real one is added by the host, on the way out. */
const NO_KEY = "added-by-the-host";

/** pi's `models.json`: every model that a task may use, behind the routes of its own proxy. */
export function modelsFile(providers: readonly ProviderView[]): object {
  const entries = providers.map(({ name, api, models }) => [
    name,
    { api, baseUrl: providerRoute(name), apiKey: NO_KEY, models: models.map(modelEntry) },
  ]);
  return { providers: Object.fromEntries(entries) };
}

function modelEntry({ id, reasoning, contextWindow, maxTokens }: ProviderView["models"][number]): object {
  return { id, name: id, reasoning, contextWindow, maxTokens };
}
