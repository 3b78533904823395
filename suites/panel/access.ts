import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { type OutgoingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "../../harness/browser/browser.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { listenersOf, processTree } from "../../harness/host/processes.ts";
import { piwork } from "../../harness/runtimes/piwork.ts";
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
      claim: "the last line that is printed is the panel's address, which opens it, on 127.0.0.1 alone",
      async run() {
        const { hostname, port } = new URL(panel.address);
        assert.equal(hostname, "127.0.0.1");
        const open = processTree(panel.runtime.process.pid as number).flatMap((pid) => listenersOf(pid));
        assert.deepEqual(open, [`127.0.0.1:${port}`]);
        const { stdout } = await piwork([...panel.sandbox.words, "panel"]);
        assert.equal(stdout.trim(), panel.address);
        await expect(panel.page.getByRole("heading", { name: "Piwork" })).toBeVisible();
        assert.equal(panel.page.url(), `${panel.origin}/`, "the token stays in the address");
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
      claim: "the token is in a file of mode 0600, and in no log",
      run() {
        const file = join(panel.sandbox.state, "panel.json");
        assert.equal((statSync(file).mode & 0o777).toString(8), "600");
        assert.equal(readFileSync(file, "utf8").includes(panel.token), true, "the control: it is there");
        for (const name of readdirSync(panel.sandbox.logs).filter((entry) => entry.endsWith(".log")))
          assert.equal(readFileSync(join(panel.sandbox.logs, name), "utf8").includes(panel.token), false, name);
      },
    },
    {
      id: "panel.without-token",
      claim: "a browser without the token is told how to get in, and shown nothing else",
      async run() {
        const page = await panel.browser.open(panel.origin);
        await expect(page.getByRole("heading", { name: "This page needs its token" })).toBeVisible();
        assert.doesNotMatch(await page.locator("body").innerText(), /workspace/i);
        await page.goto(`${panel.origin}/#${panel.token}`);
        await expect(page.getByRole("heading", { name: "No task yet" })).toBeVisible();
        await page.context().close();
      },
    },
  ];
}
