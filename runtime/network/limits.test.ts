import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { LIMITS } from "../protocol/limits.ts";
import { Network } from "./network.ts";
import { asked, linkedStreams, OutsideServer, ProxyUnderTest, TASK } from "./proxy.fixture.ts";
import { Reach } from "./reach.ts";

/** What has begun without a timer has come as far as it can. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

test("networkLookups: so many names are looked up for tasks at once, and the next one waits for its turn", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const ends: (() => void)[] = [];
  const reach = new Reach({ lookup: () => new Promise((resolve) => ends.push(() => resolve([]))) });
  for (let task = 0; task <= LIMITS.networkLookups; task++) reach.toPublic("a.example", 80, `${task}`).catch(() => {});
  await settled();
  assert.equal(ends.length, LIMITS.networkLookups);
  ends[0]?.();
  await settled();
  assert.equal(ends.length, LIMITS.networkLookups + 1);
});

test("networkLookupMs: a name that is not found by then is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let outcome = "waits";
  const reach = new Reach({ lookup: () => new Promise(() => {}) });
  reach.toPublic("a.example", 80, TASK).catch((error: Error) => (outcome = error.message));
  t.mock.timers.tick(LIMITS.networkLookupMs - 1);
  await settled();
  assert.equal(outcome, "waits");
  t.mock.timers.tick(1);
  await settled();
  assert.match(outcome, /took longer than 10 s/);
});

test("networkRequests: so many requests of a task are remembered, the last ones", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const parts = { isKnown: () => true, mayRun: () => true, requested: () => {}, warn: assert.fail, reach: undefined };
  const none = join(tmpdir(), "no-such-directory");
  const network = new Network({ policies: none, state: none, ...parts });
  const connect = () => network.serve(new Duplex({ read() {}, write() {} }), TASK);
  const remembered = () => network.show(TASK).requests;
  for (let count = 0; count < LIMITS.networkStreams; count++) connect();
  // Each of these is refused at once, since so many connections are open, and remembered as a request.
  for (let count = 0; count < LIMITS.networkRequests; count++) connect();
  const [, second] = remembered();
  assert.equal(remembered().length, LIMITS.networkRequests);
  connect();
  assert.deepEqual([remembered().length, remembered()[0] === second], [LIMITS.networkRequests, true]);
});

test("networkHeadMs: a connection whose head is not whole by then is closed", async (t) => {
  await using stage = await ProxyUnderTest.open({});
  const [near, far] = await linkedStreams();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  stage.proxy.serve(far, TASK);
  near.write("GET http://good.example/ HTTP/1.1\r\n");
  t.mock.timers.tick(LIMITS.networkHeadMs - 1);
  assert.equal(far.destroyed, false);
  t.mock.timers.tick(1);
  assert.equal(far.destroyed, true);
  await once(far, "close");
});

/** Whether the host is reached before it is too late, and what is noted of a request and of a tunnel; one that stood is only closed. */
const LATE = [
  ["networkConnectMs", false, 504, 504],
  ["networkTotalMs", true, 504, 200],
  ["networkIdleMs", true, 504, 200],
] as const;
// One test: its mocked timers would be stopped in the next one's.
test("networkConnectMs, networkTotalMs, networkIdleMs: requests and tunnels go on until then, and no longer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clocks = t.mock.method(Socket.prototype, "setTimeout").mock; // sockets have their own, which cannot be mocked
  for (const [limit, isReached, ...statuses] of LATE)
    for (const [at, method] of ["GET http://", "CONNECT "].entries()) {
      await using outside = await OutsideServer.tcp(() => {}); // it never says anything
      const target = `good.example:${outside.port}`;
      const policy = { allow: [{ host: "good.example", ports: [outside.port] }] };
      await using stage = await ProxyUnderTest.open({ policy, hosts: { "good.example": [["127.0.0.1"]] } });
      const lookup = t.mock.fn(() => {}); // it never says where the host is
      const way = { host: "good.example", port: outside.port, autoSelectFamily: true, lookup } as const;
      const lost = isReached ? undefined : t.mock.method(Reach.prototype, "toPublic", async () => way).mock;
      clocks.resetCalls();
      stage.connect().write(asked(`${method}${target} HTTP/1.1`, [`Host: ${target}`]));
      while (outside.accepted + lookup.mock.callCount() === 0) await turn();
      await settled();
      const isIdle = limit === "networkIdleMs";
      const clock = clocks.calls.find(({ arguments: [ms] }) => ms === LIMITS.networkIdleMs)?.this as Socket;
      t.mock.timers.tick(isIdle ? 0 : LIMITS[limit] - 1);
      await settled();
      assert.equal(stage.noted.length, 0, `${limit}, ${method}`);
      if (isIdle) clock.emit("timeout");
      else t.mock.timers.tick(1);
      await settled();
      assert.equal(stage.noted[0]?.status, statuses[at], `${limit}, ${method}`);
      lost?.restore();
    }
});
