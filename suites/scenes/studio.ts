import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BrowserContextOptions, Page } from "@playwright/test";
import { expect, TestBrowser } from "../../harness/browser/browser.ts";
import { RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import { STILL } from "../../harness/screenshots/capture.ts";
import { takeFixedPlace } from "../../harness/screenshots/fixed-place.ts";
import type { MachineLayer } from "../../runtime/protocol/layers.ts";
import { plantTasks, type RestingTask } from "./resting-tasks.ts";

/** The same machines everywhere: the boundary says whether the processor is emulated, and another host may have KVM. */
const WORDS = ["--accel", "tcg"];

/** Which walls around QEMU are really left out; with the word, the runtime is one that can be attacked. */
export interface Walls {
  without?: readonly MachineLayer[];
}

/** Where scenes are built and seen: a runtime at a fixed place, and a browser. */
export class Studio implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly browser: TestBrowser;
  readonly talk = new Talk(() => this.client);
  #runtime: RunningRuntime | undefined;

  private constructor(sandbox: Sandbox, browser: TestBrowser) {
    this.sandbox = sandbox;
    this.browser = browser;
  }

  static async open(evidence: string): Promise<Studio> {
    const sandbox = await takeFixedPlace(evidence);
    return new Studio(sandbox, await TestBrowser.start());
  }

  get runtime(): RunningRuntime {
    if (this.#runtime === undefined) throw new Error("no runtime was started");
    return this.#runtime;
  }

  get client() {
    return this.runtime.client;
  }

  /** Another runtime, in an empty workspace, with tasks that rest. */
  async begin(tasks: readonly RestingTask[], { without }: Walls = {}): Promise<void> {
    await this.#runtime?.[Symbol.asyncDispose]();
    this.#runtime = undefined;
    const { state, workspace } = this.sandbox;
    for (const directory of [state, workspace]) rmSync(directory, { recursive: true, force: true });
    mkdirSync(workspace);
    plantTasks(join(state, "records"), tasks);
    this.#runtime = await RunningRuntime.start(this.sandbox, {
      panel: true,
      words: WORDS,
      isolation: "vm",
      ...(without !== undefined && { unsafe: { without } }),
    });
  }

  /** Files of the workspace, by their paths. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.sandbox.workspace, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }

  async view(options: BrowserContextOptions): Promise<Page> {
    const { address } = await this.client.call("panel", {});
    if (address === null) throw new Error("the runtime has no panel");
    const page = await this.browser.open(address, { ...STILL, ...options });
    await expect(page.locator(".link")).toHaveText("connected");
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await this.#runtime?.[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}
