import { lookup } from "node:dns/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Head, readHead } from "./raw-http.ts";
import { TESTED_PROVIDER } from "./tested-provider.ts";

// A proxy of somebody who has not thought of attacks: it lets everybody go everywhere, reads of a request what it needs, and
// passes on the rest as it came. What the real one is to hold has to get through this one, or it proves nothing.

/** One server for all, with places for this many. */
const PLACES = 64;
const MOST_HOPS = 5;

export function naiveProxy(): Server {
  const server = createServer((client) => {
    let bytes = Buffer.alloc(0);
    client.on("error", () => client.destroy());
    client.on("data", function collect(chunk: Buffer) {
      bytes = Buffer.concat([bytes, chunk]);
      const head = readHead(bytes);
      if (head === undefined) return;
      client.off("data", collect);
      client.pause();
      serve(client, head, bytes.subarray(head.length)).catch(() => client.destroy());
    });
  });
  server.maxConnections = PLACES;
  return server;
}

async function serve(client: Socket, { first, headers, rest: lines }: Head, body: Buffer): Promise<void> {
  const [method = "", target = "", version = "HTTP/1.1"] = first.split(" ");
  if (method === "CONNECT") {
    const upstream = await reach(new URL(`http://${target}`), 443);
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    upstream.write(body);
    return join(client, upstream);
  }
  const [, route] = /^\/provider\/tested\/(.*)/.exec(target) ?? [];
  if (route !== undefined) return serveProvider(client, `${method} ${route} ${version}`, lines, body);
  const url = new URL(target.startsWith("/") ? `http://${headers.get("host")}${target}` : target);
  // It is kind, and decodes a path.
  const path = decodeURIComponent(url.pathname + url.search);
  const upstream = await reach(url, 80);
  upstream.write(`${method} ${path} ${version}${lines}`, "latin1");
  upstream.write(body);
  if (method === "GET") return follow(client, upstream, MOST_HOPS);
  join(client, upstream);
}

/** Resolves a path as browsers do, and adds the key. */
async function serveProvider(client: Socket, first: string, lines: string, body: Buffer): Promise<void> {
  const { url: base, key } = TESTED_PROVIDER;
  const [method, route = "", version] = first.split(" ");
  const url = new URL(decodeURIComponent(route), `${base}/`);
  const upstream = await reach(url, 80);
  upstream.write(`${method} ${url.pathname} ${version}\r\nauthorization: Bearer ${key}${lines}`, "latin1");
  upstream.write(body);
  join(client, upstream);
}

/** Goes where an answer says that one should go, and gives what is there. */
function follow(client: Socket, upstream: Socket, hops: number): void {
  upstream.once("data", (chunk: Buffer) => {
    const location = readHead(chunk)?.headers.get("location");
    if (location === undefined || hops === 0) {
      client.write(chunk);
      return join(client, upstream);
    }
    upstream.destroy();
    const url = new URL(location);
    reach(url, 80)
      .then((next) => {
        next.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n\r\n`);
        follow(client, next, hops - 1);
      })
      .catch(() => client.destroy());
  });
}

/** The first of a name's addresses that answers; to be quick, all are tried at once. */
async function reach({ hostname, port }: URL, usual: number): Promise<Socket> {
  const found = await lookup(hostname.replace(/^\[|\]$/g, ""), { all: true });
  const tried = found.map(
    ({ address }) =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connect({ host: address, port: Number(port) || usual }, () => resolve(socket));
        socket.on("error", reject);
      }),
  );
  return Promise.any(tried);
}

function join(client: Socket, upstream: Socket): void {
  upstream.on("error", () => client.destroy());
  client.pipe(upstream).pipe(client);
}
