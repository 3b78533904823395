import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import type { OpenPanel } from "./open-panel.ts";

/** Word for word: what is dropped or loosened is a difference. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types dompurify",
].join("; ");
const ON_EVERYTHING = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};
/** Time in which a request that was let through comes, in milliseconds. */
const COMES_MS = 20_000;
/** Time in which a request would have come that was not; the control's is there within a tenth of it. */
const WOULD_COME_MS = 2_000;

/** A server of another origin, which writes down what it is asked for and answers with a page. */
class Elsewhere implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => {
    this.asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": "*" });
    response.end(this.page);
  });
  /** what it shows */
  page = "<title>elsewhere</title>";

  static async open(): Promise<Elsewhere> {
    const elsewhere = new Elsewhere();
    await new Promise<void>((resolve) => elsewhere.#server.listen(0, "127.0.0.1", resolve));
    return elsewhere;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** What a script that got into the page would do to reach somebody else; each leaves a request at `url`. */
const WAYS: Readonly<Record<string, (url: string) => void>> = {
  fetch: (url) => void fetch(url, { mode: "no-cors" }).catch(() => {}),
  beacon: (url) => void navigator.sendBeacon(url, "words"),
  image: (url) => {
    new Image().src = url;
  },
  form(url) {
    const form = document.createElement("form");
    Object.assign(form, { action: url, method: "post" });
    document.body.append(form);
    form.submit();
  },
  frame(url) {
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
  },
  style(url) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: url });
    document.head.append(link);
  },
  base(url) {
    const base = document.createElement("base");
    base.href = `${url}/`;
    document.head.append(base);
    new Image().src = "below";
  },
};

/** What the page's policy says, and whether the browser keeps to it. */
export function policy(panel: OpenPanel): Check[] {
  /** Opens pages whose complaints about the policy are expected. */
  const tried = async <T>(work: () => Promise<T>): Promise<T> => {
    const { complaints } = panel.browser;
    const before = complaints.length;
    try {
      return await work();
    } finally {
      complaints.length = before;
    }
  };
  const use = async <T>(address: string, work: (page: Page) => Promise<T>): Promise<T> => {
    const page = await panel.browser.open(address);
    try {
      return await work(page);
    } finally {
      await page.context().close();
    }
  };

  return [
    {
      id: "panel.policy-words",
      claim: "the page and all its files have the whole policy, word for word, and the headers beside it",
      async run() {
        const { request } = panel.page;
        const answer = await request.get(`${panel.origin}/`);
        const parts = [...(await answer.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
        assert.equal(parts.length > 1, true, `the page has these parts: ${parts}`);
        for (const path of ["/", ...parts]) {
          const headers = (await request.get(`${panel.origin}${path}`)).headers();
          assert.equal(headers["content-security-policy"], PAGE_POLICY, path);
        }
        for (const path of ["/", ...parts, "/not-there"]) {
          const headers = (await request.get(`${panel.origin}${path}`)).headers();
          const seen = Object.fromEntries(Object.keys(ON_EVERYTHING).map((name) => [name, headers[name]]));
          assert.deepEqual(seen, ON_EVERYTHING, path);
        }
        return { parts };
      },
    },
    {
      id: "panel.policy-tried",
      claim: `a script in the page reaches no other server: by ${Object.keys(WAYS).join(", ")}; on a page without a policy, each does`,
      run: () =>
        tried(async () => {
          await using elsewhere = await Elsewhere.open();
          const came = (name: string) => elsewhere.asked.some((request) => request.includes(`/${name}`));
          const onControl = async (name: string, way: (url: string) => void) =>
            use(elsewhere.origin, async (page) => {
              await page.evaluate(way, `${elsewhere.origin}/control-${name}`);
              await waitFor(`the control's request by ${name}`, COMES_MS, () => came(`control-${name}`) || undefined);
            });
          const onTarget = async (name: string, way: (url: string) => void) =>
            use(await panel.newAddress(), async (page) => {
              await expect(page.locator(".link")).toHaveText("connected");
              await page.evaluate(way, `${elsewhere.origin}/target-${name}`).catch(() => {}); // the policy may throw
              await page.waitForTimeout(WOULD_COME_MS);
            });
          const each = Object.entries(WAYS);
          await Promise.all(each.map(([name, way]) => onControl(name, way)));
          await Promise.all(each.map(([name, way]) => onTarget(name, way)));
          const through = Object.keys(WAYS).filter((name) => came(`target-${name}`));
          assert.deepEqual(through, [], `these ways lead elsewhere: ${through}`);
          return { asked: elsewhere.asked };
        }),
    },
    {
      id: "panel.policy-framed",
      claim: "a page of another server cannot show the panel in a frame; one without that policy, it can",
      run: () =>
        tried(async () => {
          await using elsewhere = await Elsewhere.open();
          await using other = await Elsewhere.open();
          other.page = "<div id=panel></div>";
          const framed = async (address: string) => {
            elsewhere.page = `<iframe src="${address}"></iframe>`;
            return use(elsewhere.origin, async (page) => {
              await page.waitForLoadState("load");
              await page.waitForTimeout(WOULD_COME_MS);
              const frame = page.frames().find((one) => one !== page.mainFrame());
              return frame?.locator("#panel").count();
            });
          };
          assert.equal(await framed(`${other.origin}/`), 1, "the control is not shown either");
          assert.equal(await framed(await panel.newAddress()), 0);
          assert.equal(
            await use(await panel.newAddress(), (page) => page.locator("#panel").count()),
            1,
            "the panel has no such part",
          );
        }),
    },
    {
      id: "panel.policy-markup",
      claim: "a script in the page that takes a text for markup is stopped; on a page without a policy, it is not",
      run: () =>
        tried(async () => {
          const insert = () => {
            try {
              document.body.insertAdjacentHTML("beforeend", "<b id=inserted>x</b>");
            } catch {
              // the policy
            }
            return document.getElementById("inserted") !== null;
          };
          assert.equal(await use(await panel.newAddress(), (page) => page.evaluate(insert)), false);
          assert.equal(
            await use("about:blank", (page) => page.evaluate(insert)),
            true,
            "the control is stopped as well",
          );
        }),
    },
  ];
}
