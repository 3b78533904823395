import { Providers } from "../network/providers.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { ModelName } from "../protocol/kinds.ts";
import { SCRIPTED_VIEW } from "../scripted-model/models.ts";

/** The model that was named as PROVIDER or PROVIDER/MODEL, of one that is configured; the first of a provider where none was. */
export function namedModel(state: string, written: string): ModelName {
  const [provider = "", ...rest] = written.split("/");
  const providers = new Providers(state);
  const find = () => providers.views().find(({ name }) => name === provider);
  // There is nothing to be said of it but its name.
  if (provider === SCRIPTED_VIEW.name && find() === undefined) providers.add({ kind: "scripted", name: provider });
  const found = find();
  if (found === undefined)
    throw new PiworkError(
      "INVALID_REQUEST",
      `There is no provider '${provider}'. Add it first: piwork provider add ${provider || "NAME"} --url URL --api API --model ID`,
    );
  const ids = found.models.map(({ id }) => id);
  const id = rest.length === 0 ? ids[0] : rest.join("/");
  if (id !== undefined && ids.includes(id)) return { provider, id };
  throw new PiworkError(
    "INVALID_REQUEST",
    `The provider '${provider}' has no model '${id}'; it has: ${ids.join(", ")}.`,
  );
}
