import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { type Section, timed } from "../../harness/bench/section.ts";
import { piwork } from "../../harness/runtimes/piwork.ts";
import { BenchRuntime } from "./runtime.ts";

const MEGABYTES = 10;
const AT_ONCE = 50;
const PIECE = Buffer.alloc(64 * 1024, "x");
const PROVIDER = "bench";

/** Fetches from a port of the loopback: one byte, much, and many at once; or first serves the same there. Says how long each took. */
const CLIENT = `
import http.client, http.server, json, sys, threading, time
port, base = int(sys.argv[1]), sys.argv[2]
if port == 0:
    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            left = int(self.path.rsplit("/", 1)[1])
            self.send_response(200); self.send_header("Content-Length", str(left)); self.end_headers()
            while left > 0: left -= self.wfile.write(b"x" * min(left, 65536))
        def log_message(self, *words): pass
    class Server(http.server.ThreadingHTTPServer): request_queue_size = 128
    server = Server(("127.0.0.1", 0), Answer); port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
def fetch(size):
    begun = time.monotonic(); link = http.client.HTTPConnection("127.0.0.1", port)
    link.request("GET", "%s/%d" % (base, size)); answer = link.getresponse(); answer.read(1); first = time.monotonic() - begun
    room, got = bytearray(262144), 1
    while got < size: got += answer.readinto(room) or sys.exit("it broke after %d bytes" % got)
    return first * 1000, (time.monotonic() - begun) * 1000
fetch(1)
first, _ = fetch(1)
_, much = fetch(${MEGABYTES * 1_000_000})
done = []
threads = [threading.Thread(target=lambda: done.append(fetch(100000))) for _ in range(${AT_ONCE})]
begun = time.monotonic()
for one in threads: one.start()
for one in threads: one.join()
if len(done) != ${AT_ONCE}: sys.exit("only %d of them came" % len(done))
print(json.dumps({"first": first, "much": much, "many": (time.monotonic() - begun) * 1000}))
`;

type Times = Record<"first" | "much" | "many", number>;

/** The way of a task to a server of this host, which it reaches as a provider. */
export const networking: Section = {
  name: "network",
  describe: "a task's requests through the host's proxy",
  samples: 15,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench);
    const server = createServer((request, response) => {
      let left = Number(request.url?.split("/").at(-1));
      response.writeHead(200, { "content-length": left });
      const goOn = () => {
        while (left > 0) {
          const piece = PIECE.subarray(0, left);
          left -= piece.length;
          if (!response.write(piece)) return void response.once("drain", goOn);
        }
        response.end();
      };
      goOn();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const options = ["--url", `http://127.0.0.1:${port}`, "--api", "openai-completions", "--model", "none"];
      const added = await piwork([...runtime.sandbox.words, "provider", "add", PROVIDER, ...options]);
      assert.equal(added.code, 0, added.stderr);
      const task = await runtime.createTask("network");
      const inTask = async (port: number, base: string): Promise<Times> => {
        const end = await runtime.talk.exec(["python3", "-c", CLIENT, `${port}`, base], { task });
        assert.equal(end.code, 0, end.stderr.toString());
        return JSON.parse(end.stdout.toString());
      };
      await bench.inTurn({
        quantities: {
          first: { describe: "from opening a connection to the first byte of the answer", unit: "ms" },
          much: { describe: `${MEGABYTES} MB, of one connection`, unit: "ms" },
          many: { describe: `100 kB on each of ${AT_ONCE} connections at once`, unit: "ms" },
        },
        target: { describe: "from this host, through the proxy", take: () => inTask(3128, `/provider/${PROVIDER}`) },
        alternatives: [
          {
            describe: "from a server beside it in the task, without a proxy",
            where: "runtime",
            take: () => inTask(0, ""),
          },
          {
            describe: "on the host, without a machine",
            where: "host",
            take: async () => {
              const much = await timed(() => fetch(port, MEGABYTES * 1_000_000));
              const many = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, () => fetch(port, 100_000))));
              return { first: await timed(() => fetch(port, 1)), much, many };
            },
          },
        ],
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
};

function fetch(port: number, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: `/${bytes}`, agent: false }, (answer) => {
      answer.on("error", reject).once("end", resolve).resume();
    });
    request.on("error", reject);
  });
}
