import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeAtomically } from "../linux/atomic-file.ts";
import { conceal } from "../log/redaction.ts";
import { PiworkError, policyViolation } from "../protocol/errors.ts";
import { type ProviderView, providerView } from "../protocol/providers.ts";
import { SCRIPTED_VIEW } from "../scripted-model/models.ts";
import { ScriptedServer } from "../scripted-model/process.ts";

/** The shortest key that redaction can tell from a word. */
const SHORTEST_KEY = 12;

const httpUrl = z
  .url({ protocol: /^https?$/, error: "an address is http://HOST/… or https://HOST/…" })
  .refine(
    (url) => isBareUrl(url),
    "an address has no user, no '?' and no '#', and no '.', '..' or empty part in its path",
  );

/** A provider that the user configured. */
const remoteProvider = providerView.extend({
  kind: z.literal("remote"),
  url: httpUrl,
  /** the variable of the runtime's environment that holds the key; read whenever it is used */
  keyEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "a variable's name has letters, digits and '_'")
    .optional(),
  key: z.string().min(SHORTEST_KEY, `a key has at least ${SHORTEST_KEY} characters`).max(4096).optional(),
});
export type RemoteProvider = z.infer<typeof remoteProvider>;

const scriptedProvider = z.strictObject({ kind: z.literal("scripted"), name: z.literal(SCRIPTED_VIEW.name) });
const provider = z.discriminatedUnion("kind", [remoteProvider, scriptedProvider]);
export type Provider = z.infer<typeof provider>;

const providersFile = z.strictObject({ version: z.literal(1), providers: z.array(provider).max(16) });

/** Where requests for a provider go, and with which key. Never logged. */
export interface ProviderTarget {
  view: ProviderView;
  url: URL;
  key: string | undefined;
}

/** The providers of one state directory, as the file says whenever they are asked for: a command of the user may change it at any time. */
export class Providers implements AsyncDisposable {
  readonly #path: string;
  readonly #scripted = new ScriptedServer();

  constructor(state: string) {
    this.#path = join(state, "providers.json");
  }

  /** What tasks may know of them. */
  views(): ProviderView[] {
    return this.list().map(viewOf);
  }

  list(): Provider[] {
    const text = readPrivate(this.#path);
    if (text === undefined) return [];
    try {
      return providersFile.parse(JSON.parse(text)).providers;
    } catch (cause) {
      throw new PiworkError("INTERNAL_ERROR", `${this.#path} cannot be read. Mend it, or move it away.`, { cause });
    }
  }

  /** Where a provider is now; undefined where there is none of this name. */
  async find(name: string): Promise<ProviderTarget | undefined> {
    const found = this.list().find((one) => one.name === name);
    if (found === undefined) return undefined;
    if (found.kind === "scripted") {
      const { port, key } = await this.#scripted.address();
      return { view: SCRIPTED_VIEW, url: new URL(`http://127.0.0.1:${port}/v1`), key: this.#hide(key) };
    }
    return { view: viewOf(found), url: new URL(found.url), key: this.#hide(keyOf(found)) };
  }

  /** Starts what belongs to a provider, so that the first request does not wait for it. */
  async prepare(): Promise<void> {
    if (this.list().some(({ kind }) => kind === "scripted")) await this.#scripted.address();
    for (const one of this.list()) this.#hide(keyIfThere(one));
  }

  add(added: Provider): void {
    const others = this.list();
    if (others.some(({ name }) => name === added.name))
      throw new PiworkError(
        "INVALID_REQUEST",
        `There is a provider '${added.name}'. Remove it first: piwork provider remove ${added.name}`,
      );
    const parsed = providersFile.safeParse({ version: 1, providers: [...others, added] });
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new PiworkError(
        "INVALID_REQUEST",
        `This is no provider: ${issue?.path.slice(2).join(".")}: ${issue?.message}`,
      );
    }
    this.#write(parsed.data.providers);
  }

  remove(name: string): void {
    const all = this.list();
    const rest = all.filter((one) => one.name !== name);
    if (rest.length === all.length)
      throw new PiworkError("INVALID_REQUEST", "There is no provider of this name; 'piwork provider list' has them.");
    this.#write(rest);
  }

  #write(providers: Provider[]): void {
    writeAtomically(this.#path, `${JSON.stringify({ version: 1, providers }, null, 2)}\n`);
  }

  #hide(key: string | undefined): string | undefined {
    if (key !== undefined) conceal(key);
    return key;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scripted[Symbol.asyncDispose]();
  }
}

export function viewOf(one: Provider): ProviderView {
  if (one.kind === "scripted") return SCRIPTED_VIEW;
  const { name, api, models } = one;
  return { name, api, models };
}

/** The key of a provider that has one; undefined where it is not there now. */
function keyIfThere(one: Provider): string | undefined {
  if (one.kind === "scripted") return undefined;
  const key = one.keyEnv === undefined ? one.key : process.env[one.keyEnv];
  return key !== undefined && key.length >= SHORTEST_KEY && /^[!-~]+$/.test(key) ? key : undefined;
}

/** Whether its key is there; null for one that takes none. */
export function hasKey(one: Provider): boolean | null {
  if (one.kind === "scripted") return true;
  return one.keyEnv === undefined && one.key === undefined ? null : keyIfThere(one) !== undefined;
}

function keyOf(one: RemoteProvider): string | undefined {
  const key = keyIfThere(one);
  if (key === undefined && (one.keyEnv !== undefined || one.key !== undefined))
    throw new PiworkError(
      "TASK_NOT_READY",
      one.keyEnv === undefined
        ? `The key of the provider '${one.name}' is none: add the provider again.`
        : `The runtime has no key for the provider '${one.name}': set ${one.keyEnv} (${SHORTEST_KEY} characters or more) where 'piwork up' is started.`,
    );
  return key;
}

function isBareUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isStraight = !/\/\/|\\|%|(?:^|\/)\.{1,2}(?:\/|$)/.test(text.replace(/^https?:\/\//, ""));
  return url.username === "" && url.password === "" && !/[?#]/.test(text) && isStraight;
}

/** A file that only its owner can read. */
function readPrivate(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.mode & 0o077)
    throw policyViolation(`Others can read ${path}, where keys are kept. Take that from them: chmod 600 ${path}`);
  return readFileSync(path, "utf8");
}
