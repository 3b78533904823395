import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Qmp } from "./qmp.ts";

const directory = mkdtempSync(join(tmpdir(), "piwork-qmp-"));
test.after(() => rmSync(directory, { recursive: true }));

/** A link to a QEMU that answers its first command, and says this to the second. */
async function linkTo(words: string, broken: (reason: Error) => void) {
  const path = join(mkdtempSync(join(directory, "link-")), "qmp.sock");
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write('{"return":{},"id":1}\n');
      socket.once("data", () => socket.write(words));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const qmp = await Qmp.connect(path, new AbortController().signal, () => {}, broken);
  const close = () => {
    qmp.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { qmp, [Symbol.dispose]: close };
}

const lies: Record<string, string> = {
  "no JSON": "garbage\n",
  "an answer to nobody": '{"return":{}}\n',
  "an event without a name": '{"event":5}\n',
  "a line without an end": "x".repeat(5 * 1024 * 1024),
};

for (const [name, words] of Object.entries(lies)) {
  test(`a QEMU that says ${name} loses the link, and nothing else happens`, async () => {
    const reasons: Error[] = [];
    using link = await linkTo(words, (reason) => reasons.push(reason));
    await assert.rejects(link.qmp.execute("query-status"), { code: "TASK_NOT_READY" });
    assert.match(reasons[0]?.message ?? "", /control channel/);
    assert.equal(reasons.length, 1);
    await assert.rejects(link.qmp.execute("quit"), { code: "TASK_NOT_READY" });
  });
}

test("a QEMU that does not answer is given up with advice", async () => {
  using link = await linkTo("", () => assert.fail("it broke"));
  await assert.rejects(
    link.qmp.execute("query-status", {}, 10),
    /within 0\.01 s\. If this computer is busy, .* try again/,
  );
});

test("what it does say is heard", async () => {
  using link = await linkTo('{"event":"STOP"}\n{"return":{"status":"running"},"id":2}\n', () =>
    assert.fail("it broke"),
  );
  assert.deepEqual(await link.qmp.execute("query-status"), { status: "running" });
});

test("a link in the place of QEMU's socket is not followed", async () => {
  const place = mkdtempSync(join(directory, "planted-"));
  const server = createServer(() => assert.fail("somebody else's socket was spoken to"));
  await new Promise<void>((resolve) => server.listen(join(place, "other.sock"), resolve));
  symlinkSync("other.sock", join(place, "qmp.sock"));
  const connecting = Qmp.connect(
    join(place, "qmp.sock"),
    AbortSignal.timeout(200),
    () => {},
    () => {},
  );
  await assert.rejects(connecting);
  server.close();
});
