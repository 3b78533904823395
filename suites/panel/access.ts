import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { type OutgoingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { filesWith } from "../../harness/evidence/canary.ts";
import { listenersOf, processTree } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { piwork } from "../../harness/runtimes/piwork.ts";
import { post } from "../../runtime/panel/client.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { OpenPanel } from "./open-panel.ts";

interface Sent {
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
  body?: string;
}

/** What is wrong with a request that the page would send otherwise, and how it is answered. */
const WRONG: [id: string, claim: string, headers: (panel: OpenPanel) => OutgoingHttpHeaders, status: number][] = [
  ["no-token", "no token", () => ({ authorization: undefined }), 401],
  ["wrong-token", "a wrong token", () => ({ authorization: `Bearer ${"0".repeat(64)}` }), 401],
  ["cut-token", "the beginning of the token", ({ token }) => ({ authorization: `Bearer ${token.slice(0, 63)}` }), 401],
  [
    "token-as-cookie",
    "the token where any port of this host could set it",
    ({ token }) => ({ authorization: undefined, cookie: `token=${token}` }),
    401,
  ],
  [
    "wrong-host",
    "a name that leads here, as in DNS rebinding",
    ({ origin }) => ({ host: `evil.example:${new URL(origin).port}` }),
    421,
  ],
  ["localhost", "another name of this host", ({ origin }) => ({ host: `localhost:${new URL(origin).port}` }), 421],
  ["other-port", "the right host with another port", () => ({ host: "127.0.0.1:1" }), 421],
  ["wrong-origin", "a page of another site", () => ({ origin: "http://evil.example" }), 403],
  ["other-port-origin", "a page of another port of this host", () => ({ origin: "http://127.0.0.1:1" }), 403],
  ["null-origin", "a page without rights, as a report is", () => ({ origin: "null" }), 403],
  ["no-origin", "no page at all", () => ({ origin: undefined }), 403],
];

/** Everything that could be a code or a token in the files below a directory, whose texts have one or two bytes a letter. */
function wordsBelow(directory: string): Set<string> {
  const words = new Set<string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = readFileSync(join(entry.parentPath, entry.name), "latin1");
    for (const text of [content, content.replaceAll("\0", "")])
      for (const [run] of text.matchAll(/[0-9a-f]{64,256}/g))
        for (let at = 0; at + 64 <= run.length; at++) words.add(run.slice(at, at + 64));
  }
  return words;
}

/** Who is answered on the panel's port. */
export function access(panel: OpenPanel): Check[] {
  const send = async ({ method, path, headers, body }: Sent): Promise<{ status: number; body: string }> => {
    const { hostname, port } = new URL(panel.origin);
    const right = {
      host: `${hostname}:${port}`,
      origin: panel.origin,
      authorization: `Bearer ${panel.token}`,
      "content-type": "application/json",
    };
    const all = Object.entries({ ...right, ...headers }).filter(([, value]) => value !== undefined);
    return new Promise((resolve, reject) => {
      const outgoing = request({ hostname, port, method, path, headers: Object.fromEntries(all) }, (response) => {
        if (path === "/v1/events" && response.statusCode === 200) {
          outgoing.destroy();
          return resolve({ status: 200, body: "" });
        }
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  };
  const make = (title: string) => ({
    method: "POST",
    path: "/v1/task_create",
    body: JSON.stringify({ title, folder: "no-such-folder" }),
  });

  return [
    {
      id: "panel.address",
      claim: "the last line that is printed is an address that opens the panel, on 127.0.0.1 alone",
      async run() {
        const { hostname, port } = new URL(panel.origin);
        assert.equal(hostname, "127.0.0.1");
        const open = processTree(panel.runtime.process.pid as number).flatMap((pid) => listenersOf(pid));
        assert.deepEqual(open, [`127.0.0.1:${port}`]);
        const { stdout } = await piwork([...panel.sandbox.words, "panel"]);
        assert.equal(new URL(stdout.trim()).origin, panel.origin);
        await expect(panel.page.getByRole("heading", { name: "Piwork" })).toBeVisible();
        assert.equal(panel.page.url(), `${panel.origin}/`, "the code stays in the address");
      },
    },
    ...WRONG.map(([id, claim, headers, status]) => ({
      id: `panel.refuses-${id}`,
      claim: `${claim}: every call is refused, and the same one without that is answered`,
      async run() {
        const ways: Omit<Sent, "headers">[] = [
          { method: "POST", path: "/v1/status", body: "{}" },
          { method: "POST", path: "/v1/events", body: "{}" },
          { method: "PUT", path: "/v1/uploads/no-such-task/file", body: "x" },
          make("refused"),
        ];
        const seen: object[] = [];
        for (const way of ways) {
          const refused = await send({ ...way, headers: headers(panel) });
          const twin = await send({ ...way, headers: {} });
          seen.push({ path: way.path, refused: refused.status, twin: twin.status });
          assert.equal(refused.status, status, way.path);
          assert.doesNotMatch(refused.body, /"pid"|TASK_NOT_FOUND|does not exist/, "it was looked at");
          // Each gets as far as its own handler, which says what it thinks of it.
          const answered = way.path === "/v1/status" || way.path === "/v1/events" ? [200] : [403, 404];
          assert.equal(answered.includes(twin.status), true, `${way.path}: ${twin.status} ${twin.body}`);
          if (!answered.includes(200)) assert.match(twin.body, /TASK_NOT_FOUND|does not exist|WORKSPACE_POLICY/);
        }
        assert.deepEqual(await panel.tasks(), []);
        return { seen };
      },
    })),
    {
      id: "panel.page-by-other-names",
      claim: "the page itself is given under its own address only, and nothing else lies beside it",
      async run() {
        const get = (path: string, headers: OutgoingHttpHeaders = {}, method = "GET") =>
          send({ method, path, headers });
        assert.equal((await get("/")).status, 200);
        assert.equal((await get("/", { host: "evil.example" })).status, 421);
        assert.equal((await get("/", { origin: "http://evil.example" })).status, 403);
        for (const path of [
          "/v1/status",
          "/../package.json",
          "/%2e%2e/package.json",
          "/main.tsx",
          "/main.js?x",
          "//",
          "/runs/",
          "/runs/x/report.html?key=0",
        ])
          assert.equal((await get(path)).status, 404, path);
        for (const method of ["DELETE", "OPTIONS", "PATCH"])
          assert.equal((await get("/main.js", {}, method)).status, 404, method);
      },
    },
    {
      id: "panel.policy",
      claim: "the page may run its own script alone, and asks nobody but its own server",
      async run() {
        const response = await panel.page.request.get(`${panel.origin}/`);
        const policy = response.headers()["content-security-policy"] ?? "";
        assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
        assert.doesNotMatch(policy, /unsafe|\*/);
        const foreign = panel.browser.asked.filter(
          (url) => !url.startsWith(`${panel.origin}/`) && !url.startsWith("blob:"),
        );
        assert.deepEqual(foreign, []);
        assert.equal(panel.browser.asked.length > 3, true, "nothing was asked at all");
        // What a script that got in would try; on a page without a policy it works.
        const tryScript = () => {
          const script = document.createElement("script");
          script.text = "window.intruder = true";
          document.body.append(script);
          return "intruder" in window;
        };
        assert.equal(await panel.page.evaluate(tryScript).catch(() => false), false);
        const other = await panel.browser.open("about:blank");
        assert.equal(await other.evaluate(tryScript), true, "the control does not run either");
        await other.context().close();
        panel.browser.complaints.length = 0; // the policy said so of this try
      },
    },
    {
      id: "panel.token-kept",
      claim: "the token is in a file of mode 0600, and in no log; the codes of addresses are in none either",
      async run() {
        const file = join(panel.sandbox.state, "panel.json");
        assert.equal((statSync(file).mode & 0o777).toString(8), "600");
        assert.equal(readFileSync(file, "utf8").includes(panel.token), true, "the control: it is there");
        const code = new URL(await panel.newAddress()).hash.slice(1);
        const logs = filesWith(panel.sandbox.logs, [panel.token, code]);
        assert.deepEqual(
          logs.filter((name) => name.endsWith(".log")),
          [],
        );
      },
    },
    {
      id: "panel.kept-by-browser",
      claim:
        "an address opens the panel once; a page is loaded again by its tab alone, and nothing that a browser keeps on disk opens it",
      async run() {
        const profile = join(panel.sandbox.directory, "profile");
        const planted = randomBytes(32).toString("hex");
        const address = await panel.newAddress();
        const context = await panel.browser.openProfile(profile);
        const page = await context.newPage();
        const isIn = () => expect(page.locator(".link")).toHaveText("connected");
        const isOut = () => expect(page.getByRole("heading", { name: "This page needs a new address" })).toBeVisible();
        await page.goto(address);
        await isIn();
        for (let times = 0; times < 2; times++) {
          await page.reload();
          await isIn();
        }
        await page.evaluate((value) => sessionStorage.setItem("planted", value), planted);
        const stored = () => page.evaluate(() => Object.values(sessionStorage).join(" "));
        assert.equal((await stored()).includes(panel.token), false, "a page stores the token");
        // Its code for another page is stored when it goes, and is on disk by the time that it is too old.
        await page.goto("about:blank");
        await waitFor("what the page stored, on disk", 60_000, () => wordsBelow(profile).has(planted) || undefined);
        await delay(LIMITS.panelReloadMs + 1_000);
        // A browser's history has the address; this one, without windows, has no history.
        await page.goto(address);
        await isOut();
        await context.close();
        const found = wordsBelow(profile).add(new URL(address).hash.slice(1));
        assert.equal(found.has(planted), true, "the control: what a page stores is not found");
        const isAnswered = (path: string, authorization: string) =>
          post(`${panel.origin}${path}`, authorization).then(
            () => true,
            () => false,
          );
        const opens = async (word: string) =>
          (await isAnswered("/token", `Code ${word}`)) || (await isAnswered("/v1/status", `Bearer ${word}`));
        for (const word of found) assert.equal(await opens(word), false, "what the browser kept opens the panel");
        const control = new URL(await panel.newAddress()).hash.slice(1);
        assert.deepEqual(
          [await opens(control), await opens(panel.token)],
          [true, true],
          "the control opens nothing either",
        );
        return { tried: found.size };
      },
    },
    {
      id: "panel.without-token",
      claim: "a browser without a new address is told how to get one, and shown nothing else",
      async run() {
        const page = await panel.browser.open(panel.origin);
        await expect(page.getByRole("heading", { name: "This page needs a new address" })).toBeVisible();
        assert.doesNotMatch(await page.locator("body").innerText(), /workspace/i);
        await page.goto(await panel.newAddress());
        await expect(page.getByRole("heading", { name: "No task yet" })).toBeVisible();
        await page.context().close();
      },
    },
  ];
}
