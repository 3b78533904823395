import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failed } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { ISOLATION, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import type { StateDump } from "../../runtime/api/dump.ts";
import { type Sides, sidesOf } from "../../runtime/dump/sides.ts";
import { takeDump } from "../../runtime/dump/take.ts";
import { findPlaces, type Places } from "../../runtime/state/places.ts";

/** Time in which a machine with nothing to do is paused, in milliseconds. */
const REST_MS = 30_000;

/** A runtime of which dumps are taken, and its tasks. */
export class DumpedRuntime implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly places: Places;
  readonly runtime: RunningRuntime;
  readonly talk: Talk;
  /** what evidence is left in */
  readonly #directory: string;

  private constructor(sandbox: Sandbox, runtime: RunningRuntime, directory: string) {
    this.sandbox = sandbox;
    this.runtime = runtime;
    this.places = findPlaces({ state: sandbox.state, logs: sandbox.logs });
    this.talk = new Talk(() => runtime.client);
    this.#directory = directory;
  }

  static async open(
    sandbox: Sandbox,
    directory: string,
    how: Parameters<typeof RunningRuntime.start>[1],
  ): Promise<DumpedRuntime> {
    return new DumpedRuntime(sandbox, await RunningRuntime.start(sandbox, how), directory);
  }

  get client() {
    return this.runtime.client;
  }

  get pid(): number {
    return this.runtime.process.pid ?? assert.fail("the runtime has no process");
  }

  /** A task with a completed turn, and a folder of this name where one is given. */
  async makeTask(title: string, folder: string | null = null): Promise<string> {
    if (folder !== null) mkdirSync(join(this.sandbox.workspace, folder), { recursive: true });
    const { id } = await this.client.call("task_create", { title, folder });
    await this.talk.prompt(`the first turn of ${title}`, id);
    return id;
  }

  async machineOf(task: string) {
    const { machines } = await this.client.call("status", {});
    const found = machines.find(
      (machine) => machine.task === task || (ISOLATION === "shared" && machine.task === null),
    );
    if (found === undefined || found.pid === null) throw new Error(`${task} is in no machine`);
    return { ...found, pid: found.pid };
  }

  /** Waits until the machine of a task has nothing to do and is paused. */
  async rest(task: string): Promise<void> {
    await waitFor("the pause of the machine", REST_MS, async () => {
      const { state } = await this.machineOf(task);
      return state === "paused" || undefined;
    });
  }

  /** A dump, taken as the command takes it, and left in the evidence under this name. */
  async dump(name: string, change: (sides: Sides) => Partial<Sides> = () => ({})): Promise<StateDump> {
    const sides = sidesOf(this.places);
    const dump = await takeDump(this.places, undefined, { ...sides, ...change(sides) });
    this.keep(name, dump);
    return dump;
  }

  keep(name: string, dump: StateDump): void {
    writeFileSync(join(this.#directory, `${name}.json`), `${JSON.stringify(dump, null, 2)}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
  }
}

/** The contradictions of a dump, as `kind subject`, in an order of their own. */
function namedIn({ contradictions }: StateDump): string[] {
  return contradictions.map(({ kind, subject }) => `${kind} ${subject}`).sort();
}

/** Throws, with what was said, where a dump names anything else. */
export function assertNamed(dump: StateDump, expected: readonly string[]): void {
  const named = namedIn(dump);
  const wanted = [...expected].sort();
  if (named.join("\n") === wanted.join("\n")) return;
  const words = (list: readonly string[]) => list.join(", ") || "nothing";
  throw new Failed(`it named ${words(named)}; expected was ${words(wanted)}`, { contradictions: dump.contradictions });
}
