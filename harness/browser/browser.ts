import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  expect as expectSoon,
  type Page,
} from "@playwright/test";
import type { Screenshots } from "../../runtime/api/screenshots.ts";
import { PinnedFonts } from "../screenshots/fonts.ts";
import { browserFiles } from "./browser-files.ts";

/** The browser asks the page's own server only, and draws alike on every host. */
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
  "--no-proxy-server",
  "--disable-gpu",
  "--font-render-hinting=none",
];
/** Time in which something that is waited for appears, in milliseconds; machines answer slowly on a loaded host. */
const PAGE_DEADLINE_MS = 60_000;

/** Waits for what is expected of a page. */
export const expect = expectSoon.configure({ timeout: PAGE_DEADLINE_MS });

/** How the browser of the lock file is started. Nothing of the user's environment: language, time zone, proxy and fonts would be seen in pages. */
async function startedWith({ configuration }: PinnedFonts) {
  const { program, libraries } = await browserFiles();
  const env = { LANG: "C.UTF-8", TZ: "UTC", FONTCONFIG_FILE: configuration, LD_LIBRARY_PATH: libraries };
  return { executablePath: program, args: FLAGS, env };
}

/** The browser that the lock file pins, and what its pages complained about. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #fonts: PinnedFonts;
  /** errors of pages and of their policy, which no check expects */
  readonly complaints: string[] = [];
  /** addresses that pages asked for */
  readonly asked: string[] = [];

  private constructor(browser: Browser, fonts: PinnedFonts) {
    this.#browser = browser;
    this.#fonts = fonts;
  }

  static async start(): Promise<TestBrowser> {
    const fonts = new PinnedFonts();
    try {
      return new TestBrowser(await chromium.launch(await startedWith(fonts)), fonts);
    } catch (error) {
      fonts[Symbol.dispose]();
      throw error;
    }
  }

  /** What pages are drawn with. */
  get drawnWith(): Pick<Screenshots, "browser" | "fonts"> {
    return { browser: `Chromium ${this.#browser.version()}`, fonts: this.#fonts.record };
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

  /** Another browser, whose profile is kept in a directory, as a person's is. */
  async openProfile(directory: string): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(directory, await startedWith(this.#fonts));
    context.setDefaultTimeout(PAGE_DEADLINE_MS);
    return context;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#fonts[Symbol.dispose]();
  }
}
