import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PiworkError } from "./protocol/errors.ts";

/** The root of this repository. */
export const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));

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

export function recordsDirectory(places: Places): string {
  return join(places.state, "records");
}

/** The only part of the state that a machine ever sees: `<id>/guest` of each task. */
export function tasksDirectory(places: Places): string {
  return join(places.state, "tasks");
}

/** Makes the private directories; refuses one that is a link or somebody else's. */
export function makePlaces(places: Places): void {
  mkdirSync(places.logs, { recursive: true });
  mkdirSync(places.cache, { recursive: true });
  for (const directory of [
    places.state,
    recordsDirectory(places),
    tasksDirectory(places),
    dirname(places.sockets),
    places.sockets,
  ]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = lstatSync(directory);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) {
      throw new PiworkError(
        "WORKSPACE_POLICY_VIOLATION",
        `${directory} is not a directory of yours; remove it or choose another place with --state.`,
      );
    }
    // The state may be a directory of the user's with a mode of its own; what we make in it is private.
    if (directory !== places.state) chmodSync(directory, 0o700);
  }
  if (Buffer.byteLength(join(places.sockets, "machine-000000/taskd.sock")) > SOCKET_PATH_BYTES) {
    throw new PiworkError(
      "LIMIT_EXCEEDED",
      `The path ${places.sockets} is too long for a socket; set XDG_RUNTIME_DIR to a shorter one.`,
    );
  }
}

function xdg(environment: NodeJS.ProcessEnv, name: string, fallback: string): string {
  return environment[name] || join(homedir(), fallback);
}

function socketBase(environment: NodeJS.ProcessEnv): string {
  const runtime = environment["XDG_RUNTIME_DIR"];
  return runtime ? join(runtime, "piwork") : join(tmpdir(), `piwork-${process.getuid?.() ?? 0}`);
}
