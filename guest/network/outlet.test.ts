import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Server } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { encodeFrame } from "../../runtime/protocol/network-frames.ts";
import { Port } from "../link/port.ts";
import { Outlet } from "./outlet.ts";

test("machineNetworkStreams, assuredNetworkStreams: when the others have all, a task still has its own few", async (t) => {
  let hear = (_: Buffer) => {};
  const port = { send: async () => {}, listenToMuch: (onBytes: typeof hear) => (hear = onBytes) };
  t.mock.method(Port, "open", async () => port);
  const outlet = await Outlet.open();
  hear(encodeFrame("hello", 0));
  /** Opens connections of a task, and gives what ends each that was taken. */
  const connect = (task: string, count: number) => {
    const listener = new EventEmitter();
    outlet.serve(listener as Server, () => task);
    return Array.from({ length: count }, () => {
      const socket = Object.assign(new Duplex({ read() {}, write() {} }), { resetAndDestroy: () => socket.destroy() });
      listener.emit("connection", socket);
      return socket;
    }).filter(({ destroyed }) => !destroyed);
  };
  const { networkStreams: each, machineNetworkStreams: all, assuredNetworkStreams: assured } = LIMITS;
  const others = Array.from({ length: all / each - 1 }, (_, at) => connect(`task-${at}`, each + 1)).flat();
  assert.equal(others.length, all - each);
  assert.equal(connect("last-but-one", each).length, each);
  assert.equal(connect("last", each).length, assured);
});
