import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { type Addresses, readQuestion, writeAnswer } from "./dns.ts";
import { naiveProxy } from "./naive-proxy.ts";
import { DATAGRAM_PORTS, NAIVE_PORT, NAME_PORT, PORTS, PRIVATE_ONLY } from "./ports.ts";
import { readHead } from "./raw-http.ts";
import { outsideRequest, type Sightings } from "./sightings.ts";

/** Everybody outside, in a namespace where every address is theirs: they write down who comes, and what is said to them. */

/** Kept of one connection. */
const KEPT_BYTES = 64 * 1024;

let names: ReadonlyMap<string, Addresses> = new Map();
const asked = new Map<string, number>();
let echoesBefore = countEchoes();
let seen = nothing();

function nothing(): Omit<Sightings, "echoes"> {
  return { connections: [], datagrams: [], questions: [] };
}

/** Answers each head that it sees, and keeps the connection. A path `/to/URL` leads there. */
function accept(socket: Socket): void {
  const sighting = { address: plain(socket.localAddress ?? ""), port: socket.localPort ?? 0, bytes: "" };
  seen.connections.push(sighting);
  let unread = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    if (sighting.bytes.length < KEPT_BYTES) sighting.bytes += chunk.toString("latin1");
    unread = Buffer.concat([unread, chunk]);
    for (let head = readHead(unread); head !== undefined; head = readHead(unread)) {
      unread = unread.subarray(head.length);
      const to = /^\S+ \/to\/(\S+)/.exec(head.first)?.[1];
      const isLast = head.headers.get("connection") === "close";
      const kept = `connection: ${isLast ? "close" : "keep-alive"}\r\n`;
      if (to !== undefined) socket.write(`HTTP/1.1 302 Found\r\nlocation: ${to}\r\ncontent-length: 0\r\n${kept}\r\n`);
      else {
        // Who is asked to trace a request says all of it again.
        const said = head.first.startsWith("TRACE") ? head.rest : "outside\n";
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${said.length}\r\n${kept}\r\n${said}`);
      }
      if (isLast) socket.end();
    }
  });
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

function answer(message: Buffer): Buffer | undefined {
  const question = readQuestion(message);
  if (question === undefined) return undefined;
  const { name, type } = question;
  seen.questions.push(name);
  const addresses = names.get(name);
  // For each family of addresses one asks anew.
  const times = asked.get(`${name} ${type}`) ?? 0;
  asked.set(`${name} ${type}`, times + 1);
  return writeAnswer(message, addresses?.[Math.min(times, addresses.length - 1)]);
}

/** As the kernel of this namespace counts them. */
function countEchoes(): number {
  const [heads = "", values = ""] = readFileSync("/proc/self/net/snmp", "utf8").match(/^Icmp:.*$/gm) ?? [];
  return Number(values.split(" ")[heads.split(" ").indexOf("InEchos")]);
}

/** Whether the naive proxy answers somebody else in time. */
async function naively(url: string, deadlineMs: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port: NAIVE_PORT });
  try {
    socket.write(`GET ${url} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    const signal = AbortSignal.timeout(deadlineMs);
    const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
    return chunk.includes(" 200 ");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function meet(message: unknown): Promise<void> {
  const request = outsideRequest.parse(message);
  const reply = (result: unknown) => process.send?.({ id: request.id, result });
  switch (request.ask) {
    case "forget":
      seen = nothing();
      asked.clear();
      echoesBefore = countEchoes();
      return void reply(null);
    case "seen":
      // Who has connected by now is accepted first, and then read.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return void reply({ ...seen, echoes: countEchoes() - echoesBefore } satisfies Sightings);
    case "names":
      names = new Map(Object.entries(request.names));
      return void reply(null);
    case "naively":
      return void reply(await naively(request.url, request.deadlineMs));
  }
}

const servers = [
  ...PORTS.map((port) => createServer(accept).listen(port, "::")),
  createServer(accept).listen(PRIVATE_ONLY),
  naiveProxy().listen(NAIVE_PORT, "127.0.0.1"),
];
const sockets = [NAME_PORT, ...DATAGRAM_PORTS].map((port) => {
  const socket = createSocket("udp6");
  socket.on("message", (message, from) => {
    if (port !== NAME_PORT) return void seen.datagrams.push({ port, bytes: message.toString("latin1") });
    const said = answer(message);
    if (said !== undefined) socket.send(said, from.port, from.address);
  });
  return socket.bind(port, "::");
});
await Promise.all([...servers, ...sockets].map((one) => once(one, "listening")));
process.on("message", (message) => void meet(message));
// It ends with whoever started it.
process.on("disconnect", () => process.exit(0));
process.send?.({ id: 0, result: "listening" });
