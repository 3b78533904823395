import { readFileSync } from "node:fs";
import { PROVIDERS_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { type ProviderView, providerRoute } from "../../runtime/protocol/providers.ts";

/** pi wants a key for each provider. The real one is added by the host, on the way out. */
const NO_KEY = "added-by-the-host";
const COST = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** The providers whose models the task may use, as taskd says; none before there is a task. Only taskd writes that file. */
export function readProviders(file: string = PROVIDERS_IN_SANDBOX): ProviderView[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProviderView[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** A provider as pi registers it: behind the task's own proxy, or at the address that is named. */
export function describeProvider({ name, api, models }: ProviderView, baseUrl = providerRoute(name)) {
  const entries = models.map((model) => ({ ...model, name: model.id, input: ["text"], cost: COST }));
  return { baseUrl, apiKey: NO_KEY, api, models: entries };
}
