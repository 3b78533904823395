import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Outside } from "./outside.ts";

let outside: Outside;
before(async () => {
  outside = await Outside.open();
  await outside.name({
    "public.example": [["93.184.215.14"]],
    "rebinds.example": [["93.184.215.14"], ["127.0.0.1"]],
    "many.example": [["93.184.215.14", "10.0.0.5", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]],
  });
});
after(() => outside[Symbol.asyncDispose]());

const say = (address: string, port: number, words: string) =>
  `exec 3<>/dev/tcp/${address}/${port}; printf '${words}' >&3; timeout 1 cat <&3`;

test("whoever connects to any address is counted, with the address and what was said", async () => {
  for (const address of [
    "127.0.0.1",
    "169.254.169.254",
    "10.0.2.2",
    "93.184.215.14",
    "::1",
    "2600::1",
    "64:ff9b::7f00:1",
  ]) {
    await outside.forget();
    const { output } = await outside.run(say(address, 80, "GET / HTTP/1.1\\r\\nconnection: close\\r\\n\\r\\n"));
    assert.match(output, /^HTTP\/1\.1 200 OK.*outside\n$/s);
    const { connections } = await outside.seen();
    assert.deepEqual(connections, [{ address, port: 80, bytes: "GET / HTTP/1.1\r\nconnection: close\r\n\r\n" }]);
  }
});

test("datagrams, echoes and names are counted, and nothing is where nobody came", async () => {
  await outside.forget();
  assert.deepEqual(await outside.seen(), { connections: [], datagrams: [], questions: [], echoes: 0 });
  const { output } = await outside.run("echo x >/dev/udp/8.8.8.8/4041; getent hosts public.example");
  assert.match(output, /^93\.184\.215\.14 +public\.example\n$/);
  const seen = await outside.seen();
  assert.deepEqual(seen.datagrams, [{ port: 4041, bytes: "x\n" }]);
  assert.equal(seen.questions.includes("public.example"), true);
});

test("a name leads elsewhere at the second question, has several addresses, or is none", async () => {
  await outside.forget();
  const ask = async (name: string) => {
    const program = `dns.lookup("${name}", { all: true }, (_, all) => console.log(all.map(({ address }) => address).join()))`;
    return (await outside.run(`node -e '${program}'`)).output.trim();
  };
  assert.deepEqual([await ask("rebinds.example"), await ask("rebinds.example")], ["93.184.215.14", "127.0.0.1"]);
  assert.deepEqual(
    (await ask("many.example")).split(",").sort(),
    ["10.0.0.5", "64:ff9b::7f00:1", "93.184.215.14", "::ffff:127.0.0.1"].sort(),
  );
  assert.match((await outside.run("node -e 'dns.promises.lookup(`nobody.example`)'")).output, /ENOTFOUND/);
});

const byProxy = (words: string) => outside.run(say("127.0.0.1", 3128, words));

test("the naive proxy goes everywhere, follows, decodes, and passes on what it is given", async () => {
  const requests: [string, (seen: { address: string; bytes: string }[]) => boolean][] = [
    [
      "GET http://public.example/ HTTP/1.1\\r\\nconnection: close\\r\\n\\r\\n",
      ([one]) => one?.address === "93.184.215.14",
    ],
    [
      "GET http://many.example/ HTTP/1.1\\r\\nconnection: close\\r\\n\\r\\n",
      (all) => all.some(({ address }) => address === "10.0.0.5"),
    ],
    [
      "GET http://public.example/to/http://169.254.169.254/ HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n",
      (all) => all.at(-1)?.address === "169.254.169.254",
    ],
    [
      "GET http://public.example/%%0d%%0ax: y HTTP/1.1\\r\\nconnection: close\\r\\n\\r\\n",
      ([one]) => one?.bytes.includes("\r\nx:") === true,
    ],
    [
      "POST http://public.example/ HTTP/1.1\\r\\na: b\\r\\n\\r\\nDELETE /hidden HTTP/1.1\\r\\nconnection: close\\r\\n\\r\\n",
      ([one]) => one?.bytes.includes("/hidden") === true,
    ],
    ["CONNECT 10.0.0.1:443 HTTP/1.1\\r\\n\\r\\nhello", ([one]) => one?.address === "10.0.0.1" && one.bytes === "hello"],
  ];
  for (const [request, isRight] of requests) {
    await outside.forget();
    const { output } = await byProxy(request);
    const { connections } = await outside.seen();
    assert.equal(isRight(connections), true, `${request}: ${output} ${JSON.stringify(connections)}`);
  }
});

test("the naive proxy serves others as long as nobody takes all its places", async () => {
  const ask = () => outside.isAnsweredNaively("http://public.example/", 1000);
  assert.equal(await ask(), true);
  const flood = outside.run('for n in {10..90}; do eval "exec $n<>/dev/tcp/127.0.0.1/3128"; done; sleep 3');
  await outside.run("sleep 1");
  assert.equal(await ask(), false);
  await flood;
  assert.equal(await ask(), true);
});
