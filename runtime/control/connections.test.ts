import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { LIMITS } from "../protocol/limits.ts";
import { BoundedServer } from "./connections.ts";

/** Less than an idle connection is left open. */
const SOON_MS = LIMITS.controlIdleMs / 2;
const HEAD = "GET / HTTP/1.1\r\nhost: x\r\n";

/** A server to which those may call who ask for /known; /slow is not answered. */
async function open(t: { after(work: () => void): void }) {
  const server = new BoundedServer();
  const heads: IncomingMessage[] = [];
  server.http.on("request", (request: IncomingMessage, response: ServerResponse) => {
    heads.push(request);
    const isAdmitted = request.url !== "/" && server.admit(request.socket);
    if (request.url !== "/slow" || !isAdmitted) response.end(isAdmitted ? "called" : "not called");
  });
  await new Promise<void>((resolve) => server.http.listen(0, "127.0.0.1", resolve));
  const dialled: Socket[] = [];
  t.after(() => {
    for (const socket of dialled) socket.destroy();
    server.http.close();
  });
  const dial = async () => {
    const socket = connect((server.http.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    dialled.push(socket);
    await once(socket, "connect");
    return socket;
  };
  /** what is answered on a connection that stays */
  const ask = async (path: string, socket?: Socket) => {
    const one = socket ?? (await dial());
    one.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const [answer] = (await once(one, "data", { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    return /called|not called/.exec(`${answer}`)?.[0] ?? `${answer}`.split("\r\n", 1)[0];
  };
  return { server, heads, dial, ask };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SOON_MS;
  while (!(await isSo())) {
    assert.equal(performance.now() < deadline, true, `it did not come: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const descriptors = () => readdirSync("/proc/self/fd").length;

test("strangeConnections: 600 connections that say nothing take few descriptors, and nobody's place who may call", async (t) => {
  const { server, dial, ask } = await open(t);
  const friend = await dial();
  assert.equal(await ask("/known", friend), "called");
  const before = descriptors();
  const silent = await Promise.all(Array.from({ length: 600 }, dial));
  const count = () => new Promise<number>((resolve) => server.http.getConnections((_, number) => resolve(number)));
  await until(async () => (await count()) <= LIMITS.strangeConnections + 1);
  await until(() => silent.filter(({ destroyed }) => !destroyed).length <= LIMITS.strangeConnections);
  // The server's ends of these, and the test's own.
  assert.equal(descriptors() - before <= 2 * LIMITS.strangeConnections, true, `${descriptors() - before}`);
  assert.deepEqual([await ask("/known"), await ask("/known", friend)], ["called", "called"]);
});

test("knownConnections: an idle one makes room for the next, and a busy one does not", async (t) => {
  const { dial, ask } = await open(t);
  const idle = await dial();
  assert.equal(await ask("/known", idle), "called");
  const busy = await Promise.all(Array.from({ length: LIMITS.knownConnections - 1 }, dial));
  for (const socket of busy) socket.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
  const last = await dial();
  assert.equal(await ask("/known", last), "called");
  await until(() => idle.destroyed);
  last.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
  assert.equal(await ask("/known"), "not called");
  busy[0]?.destroy();
  await until(async () => (await ask("/known")) === "called");
});

test("controlHeadBytes and controlHeaders: a longer head is refused, and further headers are not read", async (t) => {
  const { heads, dial } = await open(t);
  const say = async (head: string) => {
    const socket = await dial();
    socket.end(`${HEAD}${head}\r\n\r\n`);
    return (await text(socket)).split("\r\n", 1)[0];
  };
  assert.equal(await say(`x: ${"y".repeat(LIMITS.controlHeadBytes - 100)}`), "HTTP/1.1 200 OK");
  assert.match((await say(`x: ${"y".repeat(LIMITS.controlHeadBytes)}`)) ?? "", / 431 /);
  await say(Array.from({ length: LIMITS.controlHeaders * 2 }, (_, number) => `x-${number}: y`).join("\r\n"));
  assert.equal(Object.keys(heads.at(-1)?.headers ?? {}).length, LIMITS.controlHeaders);
});

test("controlHeadMs and controlIdleMs: a head that does not end, and a connection that is not used, are given up", async (t) => {
  const { server, dial, ask } = await open(t);
  assert.equal(server.http.requestTimeout, LIMITS.controlRequestMs);
  const closesAfter = async (socket: Socket) => {
    const began = performance.now();
    const signal = AbortSignal.timeout(LIMITS.controlHeadMs + 10_000);
    await once(socket.resume(), "close", { signal });
    return performance.now() - began;
  };
  const [slow, silent, used] = await Promise.all([dial(), dial(), dial()]);
  slow.write(HEAD);
  assert.equal(await ask("/known", used), "called");
  const [slowMs, silentMs, usedMs] = await Promise.all([slow, silent, used].map(closesAfter));
  for (const [ms = 0, limit] of [
    [slowMs, LIMITS.controlHeadMs],
    [silentMs, LIMITS.controlHeadMs],
    [usedMs, LIMITS.controlIdleMs],
  ] as const)
    assert.equal(ms > limit - 1_000 && ms < limit + 4_000, true, `${ms} instead of ${limit}`);
});
