import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { LIMITS } from "../protocol/limits.ts";
import { asked, linkedStreams, OutsideServer, ProxyUnderTest, statusOf, TASK } from "./proxy.fixture.ts";

const LOOPBACK = {
  "good.example": [["127.0.0.1"]],
  "sub.good.example": [["127.0.0.1"]],
  "other.example": [["127.0.0.1"]],
};
const allowing = (port: number, host = "good.example", methods?: string[]) => ({
  allow: [{ host, ports: [port], ...(methods && { methods }) }],
});

test("an allowed request is said anew, with its own headers and no others", async () => {
  await using outside = await OutsideServer.http((_, response) => {
    response
      .setHeader("x-answer", "yes")
      .setHeader("connection", "x-of-the-connection")
      .setHeader("x-of-the-connection", "1");
    response.end("from outside");
  });
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const hop = ["Connection: x-hop, close", "X-Hop: 1", "Proxy-Authorization: Basic x", "TE: trailers", "Keep-Alive: 1"];
  const answer = await stage.say(
    asked(`GET http://${target}/a/b?secret=1 HTTP/1.1`, [`Host: ${target}`, "X-Own: kept", "Cookie: c=1", ...hop]),
  );
  assert.match(answer, /^HTTP\/1\.1 200 .*x-answer: yes.*from outside/s);
  assert.equal(/x-of-the-connection/i.test(answer), false, answer);
  const [heard] = outside.heard;
  assert.deepEqual([heard?.method, heard?.url], ["GET", "/a/b?secret=1"]);
  const names = heard?.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  assert.deepEqual(names, ["host", "x-own", "cookie", "connection"]);
  assert.equal(heard?.rawHeaders[1], target);
  const [{ time, rule, ...noted } = assert.fail("nothing was noted")] = stage.noted;
  assert.equal(typeof time, "number");
  assert.equal(rule, `allow good.example:${outside.port}`);
  assert.deepEqual(noted, {
    kind: "http",
    host: "good.example",
    port: outside.port,
    verdict: "allowed",
    bytesUp: 0,
    bytesDown: 12,
    method: "GET",
    path: "/a/b",
    status: 200,
  });
});

test("a body goes on, however its length was said, and comes back", async () => {
  await using outside = await OutsideServer.http((_, response) => response.end("taken"));
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const post = (headers: string[], body: string) =>
    stage.say(asked(`POST http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close", ...headers], body));
  for (const [headers, body] of [
    [["Content-Length: 5"], "hello"],
    [["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"],
    [[], ""],
  ] as const)
    assert.equal(statusOf(await post([...headers], body)), 200);
  assert.deepEqual(
    outside.heard.map(({ body }) => body),
    ["hello", "hello", ""],
  );
  assert.deepEqual(
    stage.noted.map(({ bytesUp, bytesDown }) => [bytesUp, bytesDown]),
    [
      [5, 5],
      [5, 5],
      [0, 5],
    ],
  );
});

test("what is streamed arrives as it comes", async () => {
  let goOn = () => {};
  await using outside = await OutsideServer.http((_, response) => {
    response.write("first");
    goOn = () => response.end("last");
  });
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const socket = stage.connect();
  socket.write(asked(`GET http://good.example:${outside.port}/ HTTP/1.1`, [`Host: good.example:${outside.port}`]));
  let got = "";
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got += chunk.toString();
    if (got.includes("first")) break;
  }
  assert.equal(got.includes("last"), false);
  goOn();
  while (stage.noted.length === 0) await delay(5);
  assert.equal(stage.noted[0]?.bytesDown, 9);
});

/** Requests of a line and its headers, by why they go nowhere. `P` stands for the port of a server that is there. */
const REFUSED: [why: string, status: number, line: string, headers?: string[]][] = [
  ["a host that no rule names", 403, "GET http://other.example:P/", ["Host: other.example:P"]],
  ["what is below a host that is named alone", 403, "GET http://sub.good.example:P/", ["Host: sub.good.example:P"]],
  ["another port", 403, "GET http://good.example:1/", ["Host: good.example:1"]],
  ["the usual port, where another one is named", 403, "GET http://good.example/", ["Host: good.example"]],
  ["an address of the host's loopback", 403, "GET http://127.0.0.1:P/", ["Host: 127.0.0.1:P"]],
  ["localhost", 403, "GET http://localhost:P/", ["Host: localhost:P"]],
  ["https without a tunnel", 400, "GET https://good.example:P/", ["Host: good.example:P"]],
  ["another scheme", 400, "GET ftp://good.example:P/", ["Host: good.example:P"]],
  ["a user in the address", 400, "GET http://good.example:P@other.example/", ["Host: other.example"]],
  ["a user and a password", 400, "GET http://u:p@good.example:P/", ["Host: good.example:P"]],
  ["a port that is none", 400, "GET http://good.example:0/", ["Host: good.example:0"]],
  ["a port above all", 400, "GET http://good.example:65536/", ["Host: good.example:65536"]],
  ["a port with a sign", 400, "GET http://good.example:+80/", ["Host: good.example"]],
  ["a port that begins with 0", 400, "GET http://good.example:0P/", ["Host: good.example:0P"]],
  ["an empty host", 400, "GET http:///x", ["Host: good.example:P"]],
  ["a host that ends with a dot", 400, "GET http://good.example.:P/", ["Host: good.example.:P"]],
  ["a host in brackets", 400, "GET http://[::1]:P/", ["Host: [::1]:P"]],
  ["a host that is encoded", 400, "GET http://good%2eexample:P/", ["Host: good.example:P"]],
  ["a backslash in the host", 400, "GET http://good.example:P\\@other.example/", ["Host: good.example:P"]],
  ["another Host than the address", 400, "GET http://good.example:P/", ["Host: other.example:P"]],
  ["two Hosts", 400, "GET http://good.example:P/", ["Host: good.example:P", "Host: other.example"]],
  ["no Host", 400, "GET http://good.example:P/"],
  ["a path of its own", 404, "GET /etc/passwd", ["Host: 127.0.0.1:3128"]],
  ["a path, as if it were the host", 400, "GET /", ["Host: good.example:P"]],
  ["no target at all", 400, "OPTIONS *", ["Host: good.example:P"]],
  [
    "an upgrade",
    501,
    "GET http://good.example:P/",
    ["Host: good.example:P", "Connection: upgrade", "Upgrade: websocket"],
  ],
  [
    "an upgrade to HTTP/2",
    501,
    "GET http://good.example:P/",
    ["Host: good.example:P", "Connection: upgrade, http2-settings", "Upgrade: h2c", "HTTP2-Settings: x"],
  ],
  ["a header over two lines", 400, "GET http://good.example:P/", ["Host: good.example:P", "X-Long: a\r\n b"]],
  ["a NUL in a header", 400, "GET http://good.example:P/", ["Host: good.example:P", "X-Nul: a\0b"]],
  ["a tunnel to a host that no rule names", 403, "CONNECT other.example:P", ["Host: other.example:P"]],
  ["a tunnel to another port", 403, "CONNECT good.example:22", ["Host: good.example:22"]],
  ["a tunnel to an address of the loopback", 403, "CONNECT 127.0.0.1:P", ["Host: 127.0.0.1:P"]],
  ["a tunnel without a port", 400, "CONNECT good.example", ["Host: good.example"]],
  ["a tunnel to an address with a path", 400, "CONNECT http://good.example:P/", ["Host: good.example:P"]],
  ["a tunnel to a host in brackets", 400, "CONNECT [::1]:P", ["Host: [::1]:P"]],
  ["a tunnel with a user", 400, "CONNECT u@good.example:P", ["Host: good.example:P"]],
];

/** The same of bodies whose length two readers could understand in two ways. */
const UNCLEAR: [why: string, headers: string[], body: string][] = [
  ["two lengths", ["Content-Length: 3", "Content-Length: 5"], "hello"],
  ["the same length twice", ["Content-Length: 5", "Content-Length: 5"], "hello"],
  ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"],
  ["chunks and a length", ["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n"],
  ["chunks twice", ["Transfer-Encoding: chunked, chunked"], "0\r\n\r\n"],
  ["a coding that is not chunks", ["Transfer-Encoding: identity"], "hello"],
  ["a coding before the chunks", ["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"],
  ["chunks, as a word that is nearly that", ["Transfer-Encoding: xchunked"], "0\r\n\r\n"],
  ["a blank before the colon", ["Content-Length : 5"], "hello"],
  ["a length with a sign", ["Content-Length: +5"], "hello"],
  ["a length in other digits", ["Content-Length: 0x5"], "hello"],
];

/** The same of what is no request. */
const NO_REQUESTS: [why: string, words: string][] = [
  ["HTTP/2 at once", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a line that ends with a bare CR", "GET http://good.example:P/ HTTP/1.1\rHost: good.example:P\r\r"],
  ["no version", "GET http://good.example:P/\r\n\r\n"],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
];

const NOWHERE = [
  ...REFUSED.map(([why, status, line, ...rest]) => ({ why, status, request: asked(`${line} HTTP/1.1`, ...rest) })),
  ...UNCLEAR.map(([why, headers, body]) => {
    const request = asked("POST http://good.example:P/ HTTP/1.1", ["Host: good.example:P", ...headers], body);
    return { why, status: 400, request };
  }),
  ...NO_REQUESTS.map(([why, request]) => ({ why, status: 400, request })),
];

for (const { why, status, request } of NOWHERE) {
  test(`refused, and nobody outside hears of it: ${why}`, async () => {
    await using outside = await OutsideServer.http();
    await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
    const answer = await stage.say(request.replaceAll(":P", `:${outside.port}`).replaceAll(":0P", `:0${outside.port}`));
    assert.deepEqual([statusOf(answer), outside.accepted], [status, 0], answer);
    assert.match(answer, /\r\n\r\n.*piwork: /s);
    assert.deepEqual(
      stage.noted.map((noted) => [noted.verdict, noted.status]),
      [["refused", status]],
    );
    assert.deepEqual(stage.unexpected, []);
  });
}

test("an empty list, and no list, mean deny; the answer says what can be done", async () => {
  await using outside = await OutsideServer.http();
  await using stage = await ProxyUnderTest.open({ hosts: LOOPBACK });
  const answer = await stage.say(asked("GET http://good.example/ HTTP/1.1", ["Host: good.example"]));
  assert.equal(statusOf(answer), 403);
  assert.match(answer, /piwork network --allow-host good\.example\n/);
  assert.deepEqual([outside.accepted, stage.lookups], [0, []]);
});

test("a suffix is for what is below it, and not for itself or a name that only ends so", async () => {
  await using outside = await OutsideServer.http();
  const hosts = { ...LOOPBACK, "notgood.example": [["127.0.0.1"]] };
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port, "*.good.example"), hosts });
  const ask = async (host: string) =>
    statusOf(
      await stage.say(
        asked(`GET http://${host}:${outside.port}/ HTTP/1.1`, [`Host: ${host}:${outside.port}`, "Connection: close"]),
      ),
    );
  assert.deepEqual(
    [
      await ask("sub.good.example"),
      await ask("good.example"),
      await ask("notgood.example"),
      await ask("SUB.GOOD.example"),
    ],
    [200, 403, 403, 200],
  );
});

test("a rule with methods is for these alone, and for no tunnel", async () => {
  await using outside = await OutsideServer.http();
  await using stage = await ProxyUnderTest.open({
    policy: allowing(outside.port, "good.example", ["GET"]),
    hosts: LOOPBACK,
  });
  const target = `good.example:${outside.port}`;
  const ask = async (line: string) => statusOf(await stage.say(asked(line, [`Host: ${target}`, "Connection: close"])));
  assert.deepEqual(
    [
      await ask(`GET http://${target}/ HTTP/1.1`),
      await ask(`POST http://${target}/ HTTP/1.1`),
      await ask(`HEAD http://${target}/ HTTP/1.1`),
      await ask(`CONNECT ${target} HTTP/1.1`),
    ],
    [200, 403, 403, 403],
  );
  assert.equal(outside.accepted, 1);
});

const ELSEWHERE: [string, string[]][] = [
  ["the loopback", ["127.0.0.1"]],
  ["another address of the loopback", ["127.0.0.2"]],
  ["a private address", ["10.0.0.1"]],
  ["where clouds keep their keys", ["169.254.169.254"]],
  ["a mapped address", ["::ffff:127.0.0.1"]],
  ["NAT64", ["64:ff9b::7f00:1"]],
  ["6to4", ["2002:7f00:1::"]],
  ["unique local addresses", ["fd00::1"]],
  ["a public address and a private one", ["93.184.216.34", "10.0.0.1"]],
  ["the address of everybody", ["255.255.255.255"]],
];
for (const [where, addresses] of ELSEWHERE) {
  test(`an allowed name that leads to ${where} is refused, for requests and tunnels`, async () => {
    await using outside = await OutsideServer.http();
    await using stage = await ProxyUnderTest.open({
      policy: allowing(outside.port),
      hosts: { "good.example": [addresses] },
      publicAddresses: [],
    });
    const target = `good.example:${outside.port}`;
    const answers = [
      await stage.say(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close"])),
      await stage.say(asked(`CONNECT ${target} HTTP/1.1`, [`Host: ${target}`])),
    ];
    assert.deepEqual(answers.map(statusOf), [403, 403]);
    assert.deepEqual([outside.accepted, stage.noted.every(({ rule }) => rule.startsWith("the address "))], [0, true]);
  });
}

test("an allowed address that is special is refused as well", async () => {
  await using outside = await OutsideServer.http();
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port, "127.0.0.1"), publicAddresses: [] });
  const target = `127.0.0.1:${outside.port}`;
  const answer = await stage.say(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close"]));
  assert.deepEqual([statusOf(answer), outside.accepted], [403, 0]);
});

test("a name is looked up once for a request, and anew for the next on the same connection", async () => {
  await using outside = await OutsideServer.http();
  await using stage = await ProxyUnderTest.open({
    policy: allowing(outside.port),
    hosts: { "good.example": [["127.0.0.1"], ["127.0.0.2"]] },
  });
  const target = `good.example:${outside.port}`;
  const request = asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`]);
  const answer = await stage.say(request + request);
  assert.deepEqual(
    [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ["200", "403"],
  );
  assert.deepEqual([stage.lookups, outside.accepted], [["good.example", "good.example"], 1]);
});

test("a rule that is taken away counts for the next request on a connection", async () => {
  await using outside = await OutsideServer.http();
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const request = asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`]);
  const socket = stage.connect();
  let got = "";
  socket.on("data", (chunk: Buffer) => {
    got += chunk.toString();
  });
  socket.write(request);
  while (!got.includes("from outside")) await delay(5);
  stage.policy = { allow: [] };
  socket.write(request);
  while (!got.includes("403")) await delay(5);
  assert.equal(outside.heard.length, 1);
  socket.destroy();
});

test("a redirect is the task's to follow, and is judged like any request", async () => {
  await using inside = await OutsideServer.http();
  await using outside = await OutsideServer.http((_, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/` }).end(),
  );
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const answer = await stage.say(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close"]));
  const location = /location: (\S+)/i.exec(answer)?.[1] ?? "";
  assert.deepEqual([statusOf(answer), inside.accepted], [302, 0]);
  const next = await stage.say(asked(`GET ${location} HTTP/1.1`, [`Host: ${new URL(location).host}`]));
  assert.deepEqual([statusOf(next), inside.accepted], [403, 0]);
});

test("a tunnel carries both ways, each to its own end", async () => {
  await using outside = await OutsideServer.tcp((socket) => {
    let got = "";
    socket.on("data", (data: Buffer) => {
      got += data.toString();
    });
    socket.once("end", () => socket.end(`heard ${got}`));
  });
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const answer = await stage.say(`${asked(`CONNECT good.example:${outside.port} HTTP/1.1`)}at once`, { end: true });
  assert.match(answer, /^HTTP\/1\.1 200 .*\r\n\r\nheard at once$/s);
  while (stage.noted.length === 0) await delay(5);
  const [noted] = stage.noted;
  assert.deepEqual([noted?.kind, noted?.bytesUp, noted?.bytesDown, noted?.path], ["connect", 7, 13, undefined]);
});

test("who is not there is a failure, not a refusal", async () => {
  const gone = await OutsideServer.http();
  const { port } = gone;
  await gone[Symbol.asyncDispose]();
  await using stage = await ProxyUnderTest.open({ policy: allowing(port), hosts: LOOPBACK });
  const target = `good.example:${port}`;
  const answers = [
    await stage.say(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close"])),
    await stage.say(asked(`CONNECT ${target} HTTP/1.1`)),
    await stage.say(asked("GET http://nowhere.example/ HTTP/1.1", ["Host: nowhere.example"])),
  ];
  assert.deepEqual(answers.map(statusOf), [502, 502, 403]);
  assert.deepEqual(
    stage.noted.map(({ verdict }) => verdict),
    ["failed", "failed", "refused"],
  );
});

test("an answer that breaks in the middle does not look whole", async () => {
  await using outside = await OutsideServer.tcp((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      setTimeout(() => socket.destroy(), 20);
    });
  });
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const answer = await stage.say(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close"]));
  assert.match(answer, /content-length: 100\r\n.*half$/is);
  while (stage.noted.length === 0) await delay(5);
  assert.equal(stage.noted[0]?.verdict, "failed");
});

const STRANGE_ANSWERS: [string, string][] = [
  ["no HTTP", "hello\r\n\r\n"],
  [
    "another protocol that nobody asked for",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  ],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a head without end", `HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(LIMITS.networkHeadBytes)}\r\n\r\n`],
];
for (const [what, words] of STRANGE_ANSWERS) {
  test(`an answer that is ${what} becomes 502`, async () => {
    await using outside = await OutsideServer.tcp((socket) => void socket.once("data", () => socket.end(words)));
    await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
    const target = `good.example:${outside.port}`;
    const answer = await stage.say(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Connection: close"]));
    assert.equal(statusOf(answer), 502, answer);
    assert.deepEqual(stage.unexpected, []);
  });
}

test("a head that is too long is refused", async () => {
  await using stage = await ProxyUnderTest.open({});
  const long = `X-Long: ${"x".repeat(LIMITS.networkHeadBytes)}`;
  const answer = await stage.say(asked("GET http://good.example/ HTTP/1.1", ["Host: good.example", long]));
  assert.equal(statusOf(answer), 431);
});

test("a task has so many connections at once and no more; one that ends makes room", async () => {
  await using stage = await ProxyUnderTest.open({});
  const sockets = Array.from({ length: LIMITS.networkStreams }, () => stage.connect());
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  while ((await stage.say(asked("GET http://a.example/ HTTP/1.1", ["Host: a.example"]))).includes("403"))
    await delay(5);
  const answer = await stage.say(asked("GET http://a.example/ HTTP/1.1", ["Host: a.example"]));
  assert.equal(statusOf(answer), 429);
  sockets[0]?.destroy();
  let status = 429;
  while (status === 429) {
    await delay(5);
    status = statusOf(await stage.say(asked("GET http://a.example/ HTTP/1.1", ["Host: a.example"])));
  }
  assert.equal(status, 403);
  for (const socket of sockets) socket.destroy();
});

test("requests that come one behind the other are bounded together", async () => {
  await using outside = await OutsideServer.http(() => {}); // it never answers
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const request = asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`]);
  const socket = stage.connect();
  socket.write(request.repeat(LIMITS.networkStreams * 3));
  while (!stage.noted.some(({ status }) => status === 429)) await delay(5);
  assert.equal(outside.accepted <= LIMITS.networkStreams, true, `${outside.accepted} connections`);
  socket.destroy();
});

test("what is open is closed when a task is dropped", async () => {
  await using outside = await OutsideServer.tcp((socket) => socket.resume());
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const socket = stage.connect();
  socket.write(asked(`CONNECT good.example:${outside.port} HTTP/1.1`));
  await once(socket, "data");
  stage.proxy.drop(TASK);
  socket.resume();
  await Promise.race([once(socket, "end"), once(socket, "close")]);
  socket.destroy();
});

for (const [what, body] of [
  ["a chunk without a size", "nothing\r\n"],
  ["a chunk that is too large for any", "ffffffffffffffffff\r\n"],
  ["a chunk with a line feed in its extension", "5;x=\nhello\r\n0\r\n\r\n"],
] as const) {
  test(`a request whose body holds ${what} is ended on both sides`, async () => {
    await using outside = await OutsideServer.http((request) => void request.resume());
    await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
    const target = `good.example:${outside.port}`;
    const head = asked(`POST http://${target}/ HTTP/1.1`, [`Host: ${target}`, "Transfer-Encoding: chunked"], body);
    const answer = await stage.say(head);
    assert.equal(statusOf(answer), 400, answer);
    assert.match(stage.noted[0]?.rule ?? "", /^no HTTP: HPE_/);
  });
}

test("a length that stands behind a thousand headers counts: the next request is not hidden in a body", async () => {
  await using outside = await OutsideServer.http();
  await using stage = await ProxyUnderTest.open({
    policy: allowing(outside.port, "good.example", ["GET"]),
    hosts: LOOPBACK,
  });
  const target = `good.example:${outside.port}`;
  const hidden = asked("DELETE /other HTTP/1.1", ["Host: other.example"]);
  const many = Array.from({ length: 1100 }, () => "a:b");
  const headers = [`Host: ${target}`, "Connection: close", ...many, `Content-Length: ${hidden.length}`];
  await stage.say(asked(`GET http://${target}/ HTTP/1.1`, headers, hidden));
  const [heard] = outside.heard;
  assert.deepEqual([heard?.method, heard?.body, outside.heard.length], ["GET", hidden, 1]);
});

test("a tunnel that was refused is over once the task has closed it, and takes no place from the next ones", async () => {
  await using stage = await ProxyUnderTest.open({});
  for (let count = 0; count < LIMITS.networkStreams + 5; count++) {
    const [near, far] = await linkedStreams();
    stage.proxy.serve(far, TASK);
    near.on("data", () => {});
    near.once("end", () => near.end());
    near.write(asked("CONNECT good.example:443 HTTP/1.1", ["Host: good.example:443"]));
    await Promise.race([once(far, "close"), delay(1_000)]);
    assert.equal(far.destroyed, true, `the connection ${count + 1}`);
  }
});

for (const kind of ["a request", "a tunnel"]) {
  test(`${kind} whose task was dropped while its name was looked up goes nowhere`, async () => {
    await using outside = await OutsideServer.http();
    let found = (_: string[]) => {};
    const names = { lookup: () => new Promise<string[]>((resolve) => (found = resolve)) };
    await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), ...names });
    const target = `good.example:${outside.port}`;
    const line = kind === "a tunnel" ? `CONNECT ${target}` : `GET http://${target}/`;
    const socket = stage.connect();
    socket.write(asked(`${line} HTTP/1.1`, [`Host: ${target}`]));
    await delay(50);
    stage.proxy.drop(TASK);
    await delay(20);
    found(["127.0.0.1"]);
    while (stage.noted.length === 0) await delay(5);
    await delay(50);
    assert.deepEqual([outside.accepted, stage.noted[0]?.verdict, stage.unexpected], [0, "failed", []]);
    socket.destroy();
  });
}

test("requests that wait behind another one end with their connection", async () => {
  let closed = 0;
  await using outside = await OutsideServer.http((request) => void request.socket.once("close", () => closed++)); // it never answers
  await using stage = await ProxyUnderTest.open({ policy: allowing(outside.port), hosts: LOOPBACK });
  const target = `good.example:${outside.port}`;
  const socket = stage.connect();
  socket.write(asked(`GET http://${target}/ HTTP/1.1`, [`Host: ${target}`]).repeat(5));
  while (outside.heard.length < 5) await delay(5);
  stage.proxy.drop(TASK);
  for (let waited = 0; closed < 5 && waited < 100; waited++) await delay(10);
  assert.deepEqual([closed, stage.noted.length], [5, 5]);
  socket.destroy();
});
