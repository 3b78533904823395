import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { encodeFrame, FrameSplitter } from "../protocol/network-frames.ts";
import { MOST_STREAMS } from "../protocol/network-streams.ts";
import { NetworkLink } from "./network-link.ts";

/** A link, and the machine's end of it as plain bytes. */
async function linked() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [machine] = (await once(server, "connection")) as [Socket];
  const opened: { stream: Duplex; task: string }[] = [];
  const broken: string[] = [];
  let moved = 0;
  const link = new NetworkLink(socket, {
    opened: (stream, task) => void opened.push({ stream, task }),
    moves: () => moved++,
    broken: (what) => void broken.push(what),
  });
  machine.on("error", () => {});
  return {
    link,
    machine,
    opened,
    broken,
    moved: () => moved,
    [Symbol.dispose]() {
      machine.destroy();
      link.close();
      server.close();
    },
  };
}

const open = (stream: number, task = "a-task") => encodeFrame("open", stream, Buffer.from(task));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test("a link begins with a greeting, and a connection with its task; what moves wakes the machine", async () => {
  using ends = await linked();
  const splitter = new FrameSplitter();
  const [greeting] = (await once(ends.machine, "data")) as [Buffer];
  assert.deepEqual(
    [...splitter.push(greeting)].map(({ kind }) => kind),
    ["hello"],
  );
  ends.machine.write(open(1));
  await until(() => ends.opened.length > 0);
  assert.deepEqual([ends.opened[0]?.task, ends.link.connections], ["a-task", 1]);
  const before = ends.moved();
  ends.opened[0]?.stream.write("x");
  assert.equal(ends.moved() > before, true);
});

const HOSTILE: [string, Buffer][] = [
  ["what is no frame", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["a task that cannot be", open(1, "../x")],
  ["a task with a name of many scripts", open(1, "ta\u00dfk")],
  [
    "more connections than taskd ever has",
    Buffer.concat(Array.from({ length: MOST_STREAMS + 1 }, (_, at) => open(at + 1))),
  ],
];
for (const [what, bytes] of HOSTILE)
  test(`a machine that says ${what} loses its link`, async () => {
    using ends = await linked();
    ends.machine.write(bytes);
    await until(() => ends.broken.length > 0);
    await until(() => ends.link.connections === 0);
    assert.equal(ends.broken.length, 1);
  });

test("a link that is gone takes its connections with it", async () => {
  using ends = await linked();
  ends.machine.write(open(1));
  await until(() => ends.opened.length > 0);
  ends.machine.destroy();
  await until(() => ends.opened[0]?.stream.destroyed === true);
  assert.deepEqual([ends.link.connections, ends.broken], [0, []]);
});

test("a machine that opens and opens, and never reads what is said to that, is ended", async () => {
  // What is written to it never arrives.
  const socket = new Duplex({ read() {}, write() {} });
  const broken: string[] = [];
  const observer = {
    opened: (stream: Duplex) => stream.destroy(),
    moves: () => {},
    broken: (what: string) => void broken.push(what),
  };
  new NetworkLink(socket as Socket, observer, 1024 * 1024);
  for (let stream = 1; stream <= 5_000; stream++) socket.push(open(stream));
  await until(() => broken.length > 0);
  assert.match(broken[0] ?? "", /read nothing/);
  assert.equal(socket.destroyed, true);
});
