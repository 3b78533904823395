import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { hasKey, type Provider, Providers, type RemoteProvider, viewOf } from "../../network/providers.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { providerApi } from "../../protocol/providers.ts";
import { SCRIPTED_VIEW } from "../../scripted-model/models.ts";
import { findPlaces, makePlaces, type PlaceOptions } from "../../state/places.ts";
import { plain, print, printJson } from "../attach.ts";
import { table } from "../table.ts";

/** What is taken of a model where nobody says otherwise, in tokens. */
const CONTEXT_WINDOW = 128_000;
const MAX_TOKENS = 16_384;

interface Adding {
  url?: string;
  api?: RemoteProvider["api"];
  model: RemoteProvider["models"];
  keyEnv?: string;
  keyStdin?: boolean;
}

export function addProvider(program: Command): void {
  const provider = program
    .command("provider")
    .description("add, list and remove what answers an agent: servers of models; their keys stay on this computer");

  provider
    .command("add NAME")
    .description(
      `let tasks speak to a server of models, at this address and no other; 'provider add ${SCRIPTED_VIEW.name}' is one that plays a script, without a model`,
    )
    .option(
      "--url <URL>",
      "its address up to where the API begins: https://HOST/v1 for OpenAI's, https://HOST for Anthropic's, https://HOST/v1beta for Google's; one of this computer is allowed",
    )
    .addOption(new Option("--api <API>", "what it speaks").choices(providerApi.options))
    .option("--model <ID[:reasoning]>", "a model of it, repeatable; with ':reasoning' one that thinks", addModel, [])
    .option("--key-env <VAR>", "the variable that holds its key, in the environment of 'piwork up'")
    .option("--key-stdin", "read its key from the standard input, and keep it in the state directory, for you alone")
    .action(async (name: string, options: Adding, command: Command) => {
      const added = name === SCRIPTED_VIEW.name ? scripted(options) : await remote(name, options);
      await using providers = open(command);
      providers.add(added);
      print(
        `added ${name}${hasKey(added) === null ? ", without a key" : ""}; tasks that are opened from now on have it, and one that is open once it was stopped (piwork task stop). Start with it: piwork up --agent pi --provider ${name}`,
      );
    });

  provider
    .command("list")
    .description("the providers that tasks can speak to")
    .option("--json", "print them for programs")
    .action(async (options: { json?: boolean }, command: Command) => {
      await using providers = open(command);
      const rows = providers.list();
      if (options.json) return printJson(rows.map(described));
      if (rows.length === 0) return print("no providers; add one: piwork provider add --help");
      print(table(rows.map((one) => Object.values(described(one)).map((cell) => plain(cell)))));
    });

  provider
    .command("remove NAME")
    .description("take a provider from all tasks, and its key from this computer")
    .action(async (name: string, _options: object, command: Command) => {
      await using providers = open(command);
      providers.remove(name);
      print(`removed ${name}`);
    });
}

function open(command: Command): Providers {
  const places = findPlaces(command.optsWithGlobals<PlaceOptions>());
  makePlaces(places);
  return new Providers(places.state);
}

function addModel(written: string, before: RemoteProvider["models"]): RemoteProvider["models"] {
  const id = written.replace(/:reasoning$/, "");
  return [...before, { id, reasoning: id !== written, contextWindow: CONTEXT_WINDOW, maxTokens: MAX_TOKENS }];
}

function scripted({ url, api, model, keyEnv, keyStdin }: Adding): Provider {
  const { name } = SCRIPTED_VIEW;
  const isMore = [url, api, keyEnv, keyStdin].some((option) => option !== undefined) || model.length > 0;
  if (isMore)
    throw new PiworkError("INVALID_REQUEST", `'${name}' is the name of a server of ours; it takes no options.`);
  return { kind: "scripted", name };
}

async function remote(name: string, { url, api, model, keyEnv, keyStdin }: Adding): Promise<Provider> {
  if (url === undefined || api === undefined || model.length === 0)
    throw new PiworkError("INVALID_REQUEST", "A provider needs --url, --api and at least one --model.");
  const sources = "A key comes from a variable (--key-env) or from the input (--key-stdin).";
  if (keyEnv !== undefined && keyStdin) throw new PiworkError("INVALID_REQUEST", sources);
  const key = keyStdin ? (await text(process.stdin)).trim() : undefined;
  return {
    kind: "remote",
    name,
    api,
    url,
    models: model,
    ...(keyEnv !== undefined && { keyEnv }),
    ...(key !== undefined && { key }),
  };
}

/** Without its key. */
function described(one: Provider): { name: string; address: string; api: string; models: string; key: string } {
  const { name, api, models } = viewOf(one);
  const address = one.kind === "scripted" ? "a server of piwork's own" : one.url;
  return { name, address, api, models: models.map(({ id }) => id).join(", "), key: keyWords(one) };
}

function keyWords(one: Provider): string {
  if (one.kind === "scripted") return "its own";
  if (hasKey(one) === null) return "none";
  if (one.keyEnv === undefined) return "kept here";
  return hasKey(one) ? `from ${one.keyEnv}` : `from ${one.keyEnv}, which is not set here`;
}
