import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PiworkError } from "../protocol/errors.ts";
import { Client } from "./client.ts";
import { type ControlHandlers, ControlServer } from "./server.ts";

// By either name: before the body is read, and in the middle of it.
test("a refused upload is refused in words to a sender that reads only when it has sent more", async () => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-control-"));
  const refusing = {
    calls: {},
    streams: {},
    async importUpload(_task: string, name: string, content: AsyncIterable<Buffer>) {
      if (name === "long") for await (const _ of content) break;
      throw new PiworkError("INVALID_REQUEST", "That is no name.");
    },
    onUnexpected: (error: unknown) => assert.fail(String(error)),
  } as unknown as ControlHandlers;
  try {
    const path = join(directory, "control.sock");
    await using _server = await ControlServer.listen(path, refusing);
    for (const name of ["short", "long"]) {
      const socket = connect(path);
      await once(socket, "connect");
      const send = (data: string | Buffer) =>
        new Promise<void>((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve())));
      await send(`PUT /v1/uploads/a-task/${name} HTTP/1.1\r\nhost: piwork\r\ncontent-length: 99999999\r\n\r\n`);
      for (let pieces = 0; pieces < 200; pieces++) {
        await send(Buffer.alloc(4096));
        await nextTurn();
      }
      const [answer] = (await once(socket, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1.1 400 [\s\S]*That is no name\./);
      socket.destroy();
    }
    const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65_536)) });
    await assert.rejects(new Client(path, directory).upload("a-task", "long", endless), /That is no name\./);
    if (!endless.closed) await new Promise((resolve) => endless.once("close", resolve)); // the sender stops
  } finally {
    rmSync(directory, { recursive: true });
  }
});
