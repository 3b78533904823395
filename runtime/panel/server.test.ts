import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type OutgoingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { ControlHandlers } from "../control/server.ts";
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
  const { origin, host, hash } = new URL(server.address);
  const right = { host, origin, authorization: `Bearer ${hash.slice(1)}` };
  const call = async (headers: OutgoingHttpHeaders) =>
    (await send(server.address, "POST", "/v1/shutdown", headers)).status;
  const { authorization: _, ...noToken } = right;
  const { origin: __, ...noOrigin } = right;
  assert.deepEqual(
    [
      await call(noToken),
      await call({ ...right, authorization: "Bearer " }),
      await call({ ...right, authorization: hash.slice(1) }),
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
  const { origin, host, hostname, port, hash } = new URL(server.address);
  const flood = Array.from({ length: 600 }, (_, number) => {
    const socket = connect(Number(port), hostname).on("error", () => {});
    // Half of them ask, without a token or without an end.
    if (number % 2 === 0)
      socket.write(`POST /v1/shutdown HTTP/1.1\r\nhost: ${host}\r\n${number % 4 === 0 ? "\r\n" : ""}`);
    return socket;
  });
  t.after(() => flood.forEach((socket) => void socket.destroy()));
  await once(flood[0] as Socket, "connect");
  const headers = { host, origin, authorization: `Bearer ${hash.slice(1)}` };
  assert.equal((await send(server.address, "POST", "/v1/shutdown", headers)).status, 200);
  assert.equal((await send(server.address, "POST", "/v1/shutdown", headers)).status, 200);
});

test("its own files are read without the token, and nothing else is", async () => {
  await using server = await listen("files");
  const { host } = new URL(server.address);
  const read = (path: string, method = "GET") => send(server.address, method, path, { host });
  assert.deepEqual(await read("/"), { status: 200, body: "page" });
  assert.deepEqual(await read("/", "HEAD"), { status: 200, body: "" });
  for (const path of ["/v1/shutdown", "/x", "/../x", "/runs/x/report.html"])
    assert.equal((await read(path)).status, 404, path);
});

test("port and token outlast a server; a port that is somebody else's by then is given up", async () => {
  let first: string;
  {
    await using server = await listen("kept");
    first = server.address;
    const file = join(root, "kept.json");
    assert.equal((statSync(file).mode & 0o777).toString(8), "600");
    assert.equal(readFileSync(file, "utf8").includes(new URL(first).hash.slice(1)), true);
  }
  await using server = await listen("kept");
  assert.equal(server.address, first);
  await using other = await listen("kept");
  assert.notEqual(new URL(other.address).port, new URL(first).port);
  assert.equal(new URL(other.address).hash, new URL(first).hash);
  await assert.rejects(listen("named", Number(new URL(first).port)), { code: "INVALID_REQUEST" });
});

test("a broken file of the token is made anew", async () => {
  writeFileSync(join(root, "broken.json"), '{"port":1,"token":"short"}');
  await using server = await listen("broken");
  assert.match(new URL(server.address).hash, /^#[0-9a-f]{64}$/);
});

test("a signed path opens that path alone", () => {
  const key = new PanelKey(join(root, "signs.json"));
  const [path = "", signature = ""] = key.sign("/runs/a/report.html").split("?key=");
  assert.equal(key.hasSigned(path, signature), true);
  assert.equal(key.hasSigned("/runs/b/report.html", signature), false);
  assert.equal(new PanelKey(join(root, "other.json")).hasSigned(path, signature), false);
});
