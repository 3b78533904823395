import { PROVIDERS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { type ProviderView, providerRoute } from "../../runtime/protocol/providers.ts";
import { readTold } from "./facts.ts";

/** pi wants a key for each provider. The real one is added by the host, on the way out. */
const NO_KEY = "added-by-the-host";
const COST = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** The providers whose models the task may use; none before there is a task. */
export const readProviders = (file: string = PROVIDERS_IN_SANDBOX) => readTold<ProviderView[]>(file, []);

/** A provider as pi registers it: behind the task's own proxy, or at the address that is named. */
export function describeProvider({ name, api, models }: ProviderView, baseUrl = providerRoute(name)) {
  const entries = models.map((model) => ({ ...model, name: model.id, input: ["text"], cost: COST }));
  return { baseUrl, apiKey: NO_KEY, api, models: entries };
}
