import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../../harness/bench/section.ts";
import { makeSandbox, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import type { Client } from "../../runtime/control/client.ts";

/** A runtime of a section's own, with nothing else to do. */
export class BenchRuntime implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly running: RunningRuntime;
  readonly talk: Talk;

  private constructor(sandbox: Sandbox, running: RunningRuntime) {
    this.sandbox = sandbox;
    this.running = running;
    this.talk = new Talk(() => running.client);
  }

  static async start(bench: Bench, words: readonly string[] = []): Promise<BenchRuntime> {
    const sandbox = makeSandbox(mkdtempSync(join(bench.logs, "runtime-")));
    try {
      const running = await RunningRuntime.start(sandbox, { words });
      const { acceleration } = await running.client.call("status", {});
      if (acceleration !== null) bench.accelerated(acceleration);
      return new BenchRuntime(sandbox, running);
    } catch (error) {
      sandbox[Symbol.dispose]();
      throw error;
    }
  }

  get client(): Client {
    return this.running.client;
  }

  /** Creates a task, which is open then; gives its id. */
  async createTask(title: string, folder: string | null = null): Promise<string> {
    return (await this.client.call("task_create", { title, folder })).id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}
