import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, expect as expectSoon, type Page } from "@playwright/test";

const CHROMIUM = "/usr/bin/chromium";
/** Nothing of it asks anybody but the page's own server. */
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];
/** Time in which something that is waited for appears, in milliseconds; machines answer slowly on a loaded host. */
const PAGE_DEADLINE_MS = 60_000;

/** Waits for what is expected of a page. */
export const expect = expectSoon.configure({ timeout: PAGE_DEADLINE_MS });

/** Debian's browser, and what its pages complained about. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  /** errors of pages and of their policy, which no check expects */
  readonly complaints: string[] = [];
  /** addresses that pages asked for */
  readonly asked: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** `environment` has what it draws with, where that is not to be left to the host. */
  static async start(environment: NodeJS.ProcessEnv = {}): Promise<TestBrowser> {
    if (!existsSync(CHROMIUM))
      throw new Error("Debian's chromium is not installed; 'npm run setup' brings it, as root or with sudo.");
    // Its own sandbox does not work for root.
    const args = process.getuid?.() === 0 ? [...QUIET, "--no-sandbox"] : QUIET;
    const env = { ...process.env, ...environment };
    return new TestBrowser(await chromium.launch({ executablePath: CHROMIUM, args, env }));
  }

  get version(): string {
    return `Chromium ${this.#browser.version()}`;
  }

  /** A page with a profile of its own. */
  async open(address: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PAGE_DEADLINE_MS);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // A runtime that is gone is looked for, and a browser says of each try that it failed.
      if (
        message.type() === "error" &&
        !/ERR_CONNECTION_REFUSED|Failed to load resource|ERR_INCOMPLETE/.test(message.text())
      )
        this.complaints.push(message.text());
    });
    page.on("request", (request) => this.asked.push(request.url()));
    await page.goto(address);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
