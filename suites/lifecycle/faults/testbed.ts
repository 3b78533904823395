import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { keepFactsOf } from "../../../harness/evidence/facts.ts";
import { qemusOf } from "../../../harness/host/processes.ts";
import { makeSandbox, RunningRuntime, type Sandbox } from "../../../harness/runtimes/piwork.ts";
import { Talk } from "../../../harness/runtimes/talk.ts";
import type { CallOutput } from "../../../runtime/api/calls.ts";
import type { Client } from "../../../runtime/control/client.ts";
import type { Transition } from "../../../runtime/protocol/states.ts";

/** A task that a fault is done to, and what it has said and heard before. */
export interface Victim {
  id: string;
  /** its folder, as a path of the host */
  folder: string;
  /** said in a turn that was completed */
  token: string;
}

/** A runtime of its own for one row after the other, with a task that nothing is done to. */
export class Testbed implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly talk = new Talk(() => this.client);
  runtime: RunningRuntime;
  #bystander: Victim | undefined;
  #folders = 0;

  private constructor(sandbox: Sandbox, runtime: RunningRuntime) {
    this.sandbox = sandbox;
    this.runtime = runtime;
  }

  static async open(logs: string): Promise<Testbed> {
    const sandbox = makeSandbox(logs);
    const testbed = new Testbed(sandbox, await RunningRuntime.start(sandbox, { unsafe: true }));
    testbed.#bystander = await testbed.makeTask({ bound: false });
    await keepFactsOf(testbed.client);
    return testbed;
  }

  get client(): Client {
    return this.runtime.client;
  }

  get bystander(): Victim {
    if (this.#bystander === undefined) throw new Error("the testbed is not open");
    return this.#bystander;
  }

  /** A task with one completed turn, and a folder, bound or not. */
  async makeTask({ bound }: { bound: boolean }): Promise<Victim> {
    const name = `folder-${++this.#folders}`;
    const folder = join(this.sandbox.workspace, name);
    mkdirSync(folder);
    const { id } = await this.client.call("task_create", { title: "Victim", folder: bound ? name : null });
    const token = `token-${randomBytes(6).toString("hex")}`;
    await this.talk.prompt(token, id);
    return { id, folder, token };
  }

  record(id: string): Promise<CallOutput<"task_show">> {
    return this.client.call("task_show", { task: id });
  }

  async history(): Promise<Transition[]> {
    return (await this.client.call("diag", {})).history;
  }

  /** Starts the runtime again after it was killed. */
  async restart(): Promise<void> {
    this.runtime = await RunningRuntime.start(this.sandbox, { unsafe: true });
  }

  /** A shell script as the root of the machine of a task, whatever the task is at. */
  async asGuestRoot(task: string, script: string, ...words: string[]): Promise<void> {
    const end = await this.talk.exec(["sh", "-c", script, "sh", ...words], {
      task,
      unconfined: true,
    });
    if (end.code !== 0) throw new Error(`a script of the machine's root ended with ${end.code}: ${end.stderr}`);
  }

  /** Nothing of a task is left: no QEMU that was shown its directories, and where all tasks have one, no process in it. */
  async assertGone(id: string): Promise<void> {
    const shown = (pid: number) => existsSync(`/proc/${pid}/root/export/tasks/${id}`);
    assert.deepEqual(qemusOf(this.sandbox).filter(shown), [], "QEMUs that see the task");
    await this.asGuestRoot(this.bystander.id, '! grep -l "/$1/guest/" /proc/[0-9]*/mountinfo 2>/dev/null', id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}
