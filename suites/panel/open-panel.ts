import type { Page } from "@playwright/test";
import { TestBrowser } from "../../harness/browser/browser.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import { enterPanel } from "../../runtime/panel/client.ts";

/** What the checks of the panel share: a runtime, a browser, and the one page that most of them use. */
export class OpenPanel implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly browser: TestBrowser;
  readonly talk = new Talk(() => this.runtime.client);
  runtime: RunningRuntime;
  page: Page;
  /** what calls need; a page has it in its memory */
  token = "";
  readonly #words: readonly string[];

  constructor(sandbox: Sandbox, words: readonly string[], runtime: RunningRuntime, browser: TestBrowser, page: Page) {
    this.sandbox = sandbox;
    this.#words = words;
    this.runtime = runtime;
    this.browser = browser;
    this.page = page;
  }

  get origin(): string {
    return new URL(addressIn(this.runtime)).origin;
  }

  /** An address that opens the panel, once. */
  async newAddress(): Promise<string> {
    const { address } = await this.runtime.client.call("panel", {});
    if (address === null) throw new Error("the runtime has no panel");
    return address;
  }

  async tasks() {
    return this.runtime.client.call("task_list", {});
  }

  /** The task of this title. */
  async task(title: string) {
    const found = (await this.tasks()).find((task) => task.title === title);
    if (found === undefined) throw new Error(`there is no task '${title}'`);
    return found;
  }

  /** Shows the task of this title. */
  async show(title: string): Promise<void> {
    await this.page.locator(".task", { hasText: title }).first().click();
    await this.page.getByRole("heading", { name: title, level: 2 }).waitFor();
  }

  /** Says something to the task that is shown. */
  async say(text: string): Promise<void> {
    await this.page.getByLabel("Prompt").fill(text);
    await this.page.getByRole("button", { name: "Send" }).click();
  }

  /** The last turn of the task that is shown, once there are this many. */
  get lastTurn() {
    return this.page.locator(".turn").last();
  }

  /** Says something, and waits for the end of the turn. */
  async sayAndWait(text: string): Promise<void> {
    const before = await this.page.locator(".turn").count();
    await this.say(text);
    await this.page.locator(`.turn[aria-busy=false] >> nth=${before}`).waitFor();
  }

  async startAgain(): Promise<void> {
    this.runtime = await startWithPanel(this.sandbox, this.#words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await this.runtime[Symbol.asyncDispose]();
  }
}

/** `words` are further ones for `piwork up`. */
export async function openPanel(sandbox: Sandbox, words: readonly string[] = []): Promise<OpenPanel> {
  const runtime = await startWithPanel(sandbox, words);
  try {
    const browser = await TestBrowser.start();
    const panel = new OpenPanel(sandbox, words, runtime, browser, await browser.open(addressIn(runtime)));
    panel.token = await enterPanel(await panel.newAddress());
    return panel;
  } catch (error) {
    await runtime[Symbol.asyncDispose]();
    throw error;
  }
}

async function startWithPanel(sandbox: Sandbox, words: readonly string[]): Promise<RunningRuntime> {
  const runtime = await RunningRuntime.start(sandbox, { panel: true, words });
  // Its last words may still be on their way.
  await waitFor("the panel's address", 10_000, () => /http:\S+\n/.test(runtime.output) || undefined);
  return runtime;
}

/** What a person would click at: the last line that was printed. */
function addressIn({ output }: RunningRuntime): string {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  const address = /http:\S+$/.exec(line)?.[0];
  if (address === undefined) throw new Error(`the last line has no address: ${line}`);
  return address;
}
