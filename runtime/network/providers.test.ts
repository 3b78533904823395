import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { redactText } from "../log/redaction.ts";
import { PiworkError } from "../protocol/errors.ts";
import { hasKey, Providers, type ProviderTarget, type RemoteProvider } from "./providers.ts";
import { asked, OutsideServer, ProxyUnderTest, statusOf } from "./proxy.fixture.ts";
import { Reach } from "./reach.ts";

const KEY = "a-key-of-the-tests-0123456789";

const provider = (change: Partial<RemoteProvider> = {}): RemoteProvider => ({
  kind: "remote",
  name: "models",
  api: "openai-completions",
  url: "https://models.example/v1",
  models: [{ id: "m:8b", reasoning: false, contextWindow: 1000, maxTokens: 100 }],
  ...change,
});

/** A state directory of its own. */
function state(): { path: string; file: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "piwork-test-"));
  return { path, file: join(path, "providers.json"), [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test("a provider is kept for its owner alone, and what tasks know of it holds neither address nor key", async () => {
  using directory = state();
  await using providers = new Providers(directory.path);
  providers.add(provider({ key: KEY }));
  assert.equal(statSync(directory.file).mode & 0o777, 0o600);
  assert.equal(readFileSync(directory.file, "utf8").includes(KEY), true);
  const views = JSON.stringify(providers.views());
  assert.deepEqual([views.includes(KEY), views.includes("models.example")], [false, false]);
  const found = await providers.find("models");
  assert.deepEqual([found?.url.href, found?.key], ["https://models.example/v1", KEY]);
  assert.equal(await providers.find("others"), undefined);
  providers.remove("models");
  assert.equal(readFileSync(directory.file, "utf8").includes(KEY), false);
});

test("of two providers of one API each has its own address and key", async () => {
  using directory = state();
  await using providers = new Providers(directory.path);
  const [one, two] = ["one", "two"].map((name) => ({ name, url: `https://${name}.example/v1`, key: `${KEY}-${name}` }));
  for (const its of [one, two]) providers.add(provider(its));
  for (const its of [two, one, two]) {
    const found = await providers.find(its?.name ?? "");
    assert.deepEqual([found?.view.name, found?.url.href, found?.key], [its?.name, its?.url, its?.key]);
  }
});

test("a key that is read is redacted from then on", async () => {
  using directory = state();
  await using providers = new Providers(directory.path);
  const key = "another-key-of-the-tests-0123";
  providers.add(provider({ key }));
  await providers.prepare();
  assert.equal(redactText(`it says ${key}.`), "it says [redacted].");
});

test("a file that others can read, and one that is not whole, are refused", async () => {
  using directory = state();
  await using providers = new Providers(directory.path);
  providers.add(provider());
  chmodSync(directory.file, 0o640);
  assert.throws(() => providers.list(), /chmod 600/);
  chmodSync(directory.file, 0o600);
  writeFileSync(directory.file, '{"version":1,"providers":[{}]}');
  assert.throws(() => providers.list(), /cannot be read/);
});

test("a key of the environment is read when it is used; without it, the words say what to set", async () => {
  using directory = state();
  await using providers = new Providers(directory.path);
  const one = provider({ keyEnv: "PIWORK_TEST_KEY" });
  providers.add(one);
  assert.equal(readFileSync(directory.file, "utf8").includes(KEY), false);
  delete process.env["PIWORK_TEST_KEY"];
  assert.equal(hasKey(one), false);
  await assert.rejects(providers.find("models"), /set PIWORK_TEST_KEY/);
  process.env["PIWORK_TEST_KEY"] = KEY;
  assert.deepEqual([hasKey(one), (await providers.find("models"))?.key], [true, KEY]);
  process.env["PIWORK_TEST_KEY"] = "short";
  await assert.rejects(providers.find("models"), /set PIWORK_TEST_KEY/);
  delete process.env["PIWORK_TEST_KEY"];
});

const REFUSED: [string, Partial<RemoteProvider>][] = [
  ["another scheme", { url: "ftp://models.example/" }],
  ["no scheme", { url: "models.example" }],
  ["a user", { url: "https://me:secret@models.example/" }],
  ["a question", { url: "https://models.example/v1?key=x" }],
  ["a fragment", { url: "https://models.example/v1#x" }],
  ["two dots", { url: "https://models.example/v1/../x" }],
  ["two dots, encoded", { url: "https://models.example/%2e%2e/x" }],
  ["an empty part", { url: "https://models.example//v1" }],
  ["a short key", { key: "short" }],
  ["a name with a slash", { name: "a/b" }],
  ["a name in capitals", { name: "Models" }],
  ["no models", { models: [] }],
];
for (const [why, change] of REFUSED)
  test(`no provider is added with ${why}`, async () => {
    using directory = state();
    await using providers = new Providers(directory.path);
    assert.throws(() => providers.add(provider(change)), PiworkError);
    assert.deepEqual(providers.list(), []);
  });

test("a name is there once", async () => {
  using directory = state();
  await using providers = new Providers(directory.path);
  providers.add(provider());
  assert.throws(() => providers.add(provider({ url: "https://other.example" })), /provider remove models/);
});

/** A stage with one provider, on a server of the loopback that counts as special. */
async function withProvider(
  server: OutsideServer,
  api: RemoteProvider["api"],
  base = "/v1",
  key: string | undefined = KEY,
) {
  const view = { name: "models", api, models: provider().models };
  return ProxyUnderTest.open({
    publicAddresses: [],
    hosts: { "models.example": [["127.0.0.1"]] },
    provider: (name) =>
      name === "models" ? { view, url: new URL(`http://models.example:${server.port}${base}`), key } : undefined,
  });
}

const OWN = "Host: 127.0.0.1:3128";
const STOLEN = [
  "Authorization: Bearer of-the-task",
  "X-Api-Key: of-the-task",
  "X-Goog-Api-Key: of-the-task",
  "Api-Key: x",
  "Cookie: c=1",
];

for (const [api, name, value] of [
  ["openai-completions", "authorization", `Bearer ${KEY}`],
  ["openai-responses", "authorization", `Bearer ${KEY}`],
  ["anthropic-messages", "x-api-key", KEY],
  ["google-generative-ai", "x-goog-api-key", KEY],
] as const) {
  test(`a route adds the key as ${api} takes it, and drops what the task put there`, async () => {
    await using server = await OutsideServer.http();
    await using stage = await withProvider(server, api);
    const headers = [OWN, "Connection: close", "Content-Length: 2", ...STOLEN];
    const answer = await stage.say(asked("POST /provider/models/chat?key=of-the-task&alt=sse HTTP/1.1", headers, "{}"));
    assert.equal(statusOf(answer), 200, answer);
    const [heard] = server.heard;
    assert.deepEqual([heard?.method, heard?.url, heard?.body], ["POST", "/v1/chat?alt=sse", "{}"]);
    const sent = Object.fromEntries(
      (heard?.rawHeaders ?? []).flatMap((word, at, all) => (at % 2 === 0 ? [[word.toLowerCase(), all[at + 1]]] : [])),
    );
    assert.deepEqual(sent, {
      host: `models.example:${server.port}`,
      [name]: value,
      "content-length": "2",
      connection: "close",
    });
    const [noted] = stage.noted;
    assert.deepEqual([noted?.kind, noted?.path, noted?.rule], ["provider", "/chat", "provider models"]);
    assert.equal(JSON.stringify(stage.noted).includes(KEY), false);
  });
}

test("a provider without a key gets none, and not that of the task", async () => {
  await using server = await OutsideServer.http();
  await using stage = await withProvider(server, "openai-completions", "/", undefined);
  assert.equal(
    statusOf(await stage.say(asked("GET /provider/models/models HTTP/1.1", [OWN, "Connection: close", ...STOLEN]))),
    200,
  );
  assert.equal(server.heard[0]?.url, "/models");
  assert.equal(server.heard[0]?.rawHeaders.join("\n").includes("of-the-task"), false);
});

test("a provider's host is open for its route and for nothing else", async () => {
  await using server = await OutsideServer.http();
  await using stage = await withProvider(server, "openai-completions");
  const target = `models.example:${server.port}`;
  const answers = [
    await stage.say(asked(`GET http://${target}/v1/x HTTP/1.1`, [`Host: ${target}`])),
    await stage.say(asked(`CONNECT ${target} HTTP/1.1`, [`Host: ${target}`])),
    await stage.say(asked(`GET http://127.0.0.1:${server.port}/ HTTP/1.1`, [`Host: 127.0.0.1:${server.port}`])),
  ];
  assert.deepEqual([answers.map(statusOf), server.accepted], [[403, 403, 403], 0]);
});

const CROOKED = String.raw`
  /../x /a/../../x /.. /./x /a/. //x /a//x /%2e%2e/x /%2E%2E/x /%2e./x /.%2e/x /a%2f..%2fx /a%5c..%5cx /..\x
  /%252e%252e/x /%00 /a%2Fb /..;/x /a/..;a=b/x /..%3b/x /%c0%ae%c0%ae/x /.%09./x /%u002e%u002e/x /%`
  .trim()
  .split(/\s+/);
for (const path of CROOKED)
  test(`no way out of a route's path: ${path}`, async () => {
    await using server = await OutsideServer.http();
    await using stage = await withProvider(server, "openai-completions");
    const answer = await stage.say(asked(`GET /provider/models${path} HTTP/1.1`, [OWN]));
    assert.deepEqual([statusOf(answer), server.accepted], [400, 0], answer);
  });

test("a task is not told where a provider is, nor what of the host keeps it from being asked", async () => {
  const view = { name: "models", api: "openai-completions", models: provider().models } as const;
  const ask = async (find: () => ProviderTarget) => {
    await using stage = await ProxyUnderTest.open({ provider: find });
    const answer = await stage.say(asked("GET /provider/models/x HTTP/1.1", [OWN]));
    assert.equal(statusOf(answer), 502, answer);
    assert.equal(/nowhere|\/home/.test(answer), false, answer);
    return stage.noted[0]?.rule;
  };
  await ask(() => ({ view, url: new URL("http://nowhere.example/v1"), key: KEY }));
  const rule = await ask(() => {
    throw new PiworkError("WORKSPACE_POLICY_VIOLATION", "Others can read /home/user/providers.json");
  });
  assert.equal(rule, "Others can read /home/user/providers.json");
});

test("a provider is found while the names of a task take their time", async () => {
  let found = () => {};
  const slow = new Promise<void>((resolve) => {
    found = resolve;
  });
  const reach = new Reach({
    lookup: (host) => (host === "models.example" ? Promise.resolve(["192.0.2.1"]) : slow.then(() => [])),
  });
  const others = Array.from({ length: 20 }, (_, at) =>
    reach.toPublic(`name-${at}.example`, 80, `task-${at}`).catch(() => {}),
  );
  let way: object | undefined;
  void reach.toProvider("models.example", 443, "task").then((one) => {
    way = one;
  });
  for (let turns = 0; turns < 5; turns++) await turn();
  assert.notEqual(way, undefined);
  found();
  await Promise.all(others);
});

const NO_ROUTES: [string, number, string[]][] = [
  ["/provider/others/x", 404, [OWN]],
  ["/provider/", 404, [OWN]],
  ["/provider/Models/x", 404, [OWN]],
  ["/provider/models%2f../x", 404, [OWN]],
  ["/provider/__proto__/x", 404, [OWN]],
  ["/provider/constructor/x", 404, [OWN]],
  ["/providers/models/x", 404, [OWN]],
  ["/provider/models/x", 400, ["Host: models.example"]],
  ["/provider/models/x", 400, []],
];
for (const [path, status, headers] of NO_ROUTES)
  test(`no route: ${path} with ${headers[0] ?? "no host"}`, async () => {
    await using server = await OutsideServer.http();
    await using stage = await withProvider(server, "openai-completions");
    const answer = await stage.say(asked(`GET ${path} HTTP/1.1`, headers));
    assert.deepEqual([statusOf(answer), server.accepted], [status, 0], answer);
  });
