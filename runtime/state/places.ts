import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PiworkError, policyViolation } from "../protocol/errors.ts";

/** The root of this repository. */
export const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A Unix socket's path must fit into the kernel's 108 bytes, NUL included. */
const SOCKET_PATH_BYTES = 107;

/** Where a runtime keeps its things. Two runtimes with different `state` share nothing but the cache. */
export interface Places {
  /** task records and what tasks keep */
  state: string;
  /** images */
  cache: string;
  /** sockets, gone with the runtime */
  sockets: string;
  /** piwork.log and qemu.log */
  logs: string;
}

export interface PlaceOptions {
  state?: string | undefined;
  cache?: string | undefined;
  logs?: string | undefined;
}

export function findPlaces(options: PlaceOptions = {}, environment: NodeJS.ProcessEnv = process.env): Places {
  const state = resolve(options.state ?? join(xdg(environment, "XDG_STATE_HOME", ".local/state"), "piwork"));
  return {
    state,
    cache: resolve(options.cache ?? join(xdg(environment, "XDG_CACHE_HOME", ".cache"), "piwork")),
    sockets: join(socketBase(environment), createHash("sha256").update(state).digest("hex").slice(0, 12)),
    logs: resolve(options.logs ?? join(REPOSITORY, "tmp/dev")),
  };
}

export function controlSocket(places: Places): string {
  return join(places.sockets, "control.sock");
}

/** The directories and files in a state directory that other rooms are given. */
export function stateLayout({ state }: Places) {
  return {
    records: join(state, "records"),
    /** the only part of the state that a machine ever sees: `<id>/guest` of each task */
    tasks: join(state, "tasks"),
    /** deleted tasks, until they are removed */
    trash: join(state, "trash"),
    /** files that are imported, until they are whole */
    drafts: join(state, "drafts"),
    /** how the folders of tasks were before the tasks wrote to them */
    baselines: join(state, "beginnings"),
    /** what each task may reach outside */
    network: join(state, "network"),
    /** what agents may do without asking again, and what they ask for as well */
    permissions: { decisions: join(state, "decisions"), policy: join(state, "policy") },
    /** the panel's port and token */
    panel: join(state, "panel.json"),
  };
}

/** Makes the directories; refuses one that cannot be used, and a private one that is a link or somebody else's. */
export function makePlaces(places: Places): void {
  makeDirectory(places.logs, "--logs");
  makeDirectory(places.cache, "--cache");
  // The state may be a directory of the user's with a mode of its own; what we make in it is private.
  makePrivateDirectory(places.state, "--state", { keepMode: true });
  const { records, tasks, drafts } = stateLayout(places);
  for (const directory of [records, tasks, drafts]) makePrivateDirectory(directory, "--state");
  makePrivateDirectory(dirname(places.sockets), "XDG_RUNTIME_DIR");
  makePrivateDirectory(places.sockets, "XDG_RUNTIME_DIR");
  if (Buffer.byteLength(join(places.sockets, "machine-000000/taskd.sock")) > SOCKET_PATH_BYTES) {
    throw new PiworkError(
      "LIMIT_EXCEEDED",
      `The path ${places.sockets} is too long for a socket; set XDG_RUNTIME_DIR to a shorter one.`,
    );
  }
}

/** The refusal of a place that cannot be used; `setting` is the option or variable that chooses another. */
export function unusable(path: string, setting: string, cause: unknown): PiworkError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return policyViolation(`${path} cannot be used: ${why}. Choose another place with ${setting}.`, cause);
}

function makeDirectory(path: string, setting: string, mode?: number): void {
  try {
    for (const missing of missingDirectories(path)) makeOne(missing, mode);
    if (!statSync(path).isDirectory()) throw new Error("it is not a directory");
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(path, setting, error);
  }
}

function makePrivateDirectory(path: string, setting: string, { keepMode = false } = {}): void {
  makeDirectory(path, setting, 0o700);
  const found = lstatSync(path);
  if (!found.isDirectory()) throw unusable(path, setting, "it is a link");
  if (found.uid !== process.getuid?.()) throw unusable(path, setting, "it belongs to another user");
  if (!keepMode) chmodSync(path, 0o700);
}

/** The directories on the way to `path` that are not there, the outermost first. Node's own way never ends below /proc. */
function missingDirectories(path: string): string[] {
  const missing: string[] = [];
  for (let at = path; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.unshift(at);
  return missing;
}

function makeOne(path: string, mode: number | undefined): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another runtime that starts now may have made it.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function xdg(environment: NodeJS.ProcessEnv, name: string, fallback: string): string {
  return environment[name] || join(homedir(), fallback);
}

function socketBase(environment: NodeJS.ProcessEnv): string {
  const runtime = environment["XDG_RUNTIME_DIR"];
  return runtime ? join(runtime, "piwork") : join(tmpdir(), `piwork-${process.getuid?.() ?? 0}`);
}
