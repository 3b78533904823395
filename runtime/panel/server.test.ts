import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { ControlHandlers } from "../control/server.ts";
import { LIMITS } from "../protocol/limits.ts";
import { enterPanel, post } from "./client.ts";
import { PanelKey } from "./key.ts";
import { PanelServer } from "./server.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-panel-"));
test.after(() => rmSync(root, { recursive: true }));
const page = Promise.resolve(new Map([["/", { type: "text/html", content: Buffer.from("page") }]]));

function listen(name: string, port?: number, onCall: () => void = () => {}) {
  const shutdown = () => {
    onCall();
    return {};
  };
  const handlers = { calls: { shutdown }, streams: {}, onUnexpected() {} };
  const key = new PanelKey(join(root, `${name}.json`));
  return PanelServer.listen({ key, port, page, logs: root, handlers: handlers as unknown as ControlHandlers });
}

function send(address: string, method: string, path: string, headers: OutgoingHttpHeaders) {
  const { hostname, port } = new URL(address);
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers }, (response) =>
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject),
    );
    outgoing.on("error", reject).end(method === "POST" ? "{}" : undefined);
  });
}

test("a call is made only with the token, the origin and the host of the page", async () => {
  let calls = 0;
  await using server = await listen("calls", undefined, () => calls++);
  const address = server.address();
  const { origin, host } = new URL(address);
  const token = await enterPanel(address);
  const right = { host, origin, authorization: `Bearer ${token}` };
  const call = async (headers: OutgoingHttpHeaders) => (await send(address, "POST", "/v1/shutdown", headers)).status;
  const { authorization: _, ...noToken } = right;
  const { origin: __, ...noOrigin } = right;
  assert.deepEqual(
    [
      await call(noToken),
      await call({ ...right, authorization: "Bearer " }),
      await call({ ...right, authorization: token }),
      await call(noOrigin),
      await call({ ...right, origin: "null" }),
      await call({ ...right, origin: origin.replace("127.0.0.1", "localhost") }),
      await call({ ...right, host: host.replace("127.0.0.1", "localhost") }),
    ],
    [401, 401, 401, 403, 403, 403, 421],
  );
  assert.equal(calls, 0);
  assert.deepEqual([await call(right), calls], [200, 1]);
});

test("600 connections of somebody without the token keep nobody out who has it", async (t) => {
  await using server = await listen("flooded");
  const { origin, host, hostname, port } = new URL(server.address());
  const flood = Array.from({ length: 600 }, (_, number) => {
    const socket = connect(Number(port), hostname).on("error", () => {});
    // Half of them ask, without a token or without an end.
    if (number % 2 === 0)
      socket.write(`POST /v1/shutdown HTTP/1.1\r\nhost: ${host}\r\n${number % 4 === 0 ? "\r\n" : ""}`);
    return socket;
  });
  t.after(() => flood.forEach((socket) => void socket.destroy()));
  await once(flood[0] as Socket, "connect");
  const token = await enterPanel(server.address());
  assert.equal(await post(`${origin}/v1/shutdown`, `Bearer ${token}`), "{}");
});

test("its own files are read without the token, and nothing else is", async () => {
  await using server = await listen("files");
  const address = server.address();
  const { host } = new URL(address);
  const read = (path: string, method = "GET") => send(address, method, path, { host });
  assert.deepEqual(await read("/"), { status: 200, body: "page" });
  assert.deepEqual(await read("/", "HEAD"), { status: 200, body: "" });
  for (const path of ["/v1/shutdown", "/x", "/../x", "/runs/x/report.html"])
    assert.equal((await read(path)).status, 404, path);
});

test("port and token outlast a server; a port that is somebody else's by then is given up", async () => {
  const enter = async (server: PanelServer) => ({
    port: new URL(server.address()).port,
    token: await enterPanel(server.address()),
  });
  const file = join(root, "kept.json");
  let first: { port: string; token: string };
  {
    await using server = await listen("kept");
    first = await enter(server);
    assert.equal((statSync(file).mode & 0o777).toString(8), "600");
    assert.equal(readFileSync(file, "utf8").includes(first.token), true);
  }
  await using server = await listen("kept");
  assert.deepEqual(await enter(server), first);
  await using other = await listen("kept");
  const { port, token } = await enter(other);
  assert.deepEqual([port === first.port, token], [false, first.token]);
  await assert.rejects(listen("named", Number(first.port)), { code: "INVALID_REQUEST" });
});

test("a broken file of the token is made anew", async () => {
  writeFileSync(join(root, "broken.json"), '{"port":1,"token":"short"}');
  await using server = await listen("broken");
  assert.match(await enterPanel(server.address()), /^[0-9a-f]{64}$/);
});

test("an address opens the panel once, and each answer has a code that does so for seconds", async (t) => {
  await using server = await listen("once");
  const [address, late] = [server.address(), server.address()];
  const { host, origin } = new URL(address);
  const token = await enterPanel(address);
  await assert.rejects(enterPanel(address), /401/);
  const outgoing = request(`${origin}/v1/shutdown`, {
    method: "POST",
    headers: { host, origin, authorization: `Bearer ${token}` },
  }).end("{}");
  const [{ headers }] = (await once(outgoing, "response")) as [IncomingMessage];
  const reload = () => enterPanel(`${origin}/#${headers["piwork-reload"]}`);
  const now = performance.now.bind(performance);
  const later = t.mock.method(performance, "now", () => now() + LIMITS.panelReloadMs + 1_000);
  await assert.rejects(reload(), /401/);
  later.mock.restore();
  assert.equal(await reload(), token);
  await assert.rejects(reload(), /401/);
  t.mock.method(performance, "now", () => now() + LIMITS.panelCodeMs + 1);
  await assert.rejects(enterPanel(late), /401/);
});

test("panelWrongCodes: who guesses gets no more answers for a while, and keeps nobody out", async () => {
  await using server = await listen("guessed");
  const address = server.address();
  const guess = () =>
    enterPanel(`${new URL(address).origin}/#${"0".repeat(64)}`).catch(({ message }) => /\d+/.exec(message)?.[0]);
  for (let wrong = 0; wrong < LIMITS.panelWrongCodes; wrong++) assert.equal(await guess(), "401");
  assert.equal(await guess(), "429");
  assert.match(await enterPanel(address), /^[0-9a-f]{64}$/);
});

test("a signed path opens that path alone", () => {
  const key = new PanelKey(join(root, "signs.json"));
  const [path = "", signature = ""] = key.sign("/runs/a/report.html").split("?key=");
  assert.equal(key.hasSigned(path, signature), true);
  assert.equal(key.hasSigned("/runs/b/report.html", signature), false);
  assert.equal(new PanelKey(join(root, "other.json")).hasSigned(path, signature), false);
});
