import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Runtime } from "../runtime.ts";
import { previewFile } from "../workspace/listing.ts";
import { Client } from "./client.ts";
import { controlHandlers } from "./handlers.ts";
import { type ControlHandlers, ControlServer, serve } from "./server.ts";

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

for (const more of [0, 1])
  test(`unreadStreamBytes: with ${more} more unread, a stream ${more === 0 ? "goes on" : "ends with a word"}`, async () => {
    const said: string[] = [];
    const write = (line: string) => said.push(line) > 0;
    const held = { write, end() {}, flushHeaders() {}, writableLength: LIMITS.unreadStreamBytes + more };
    const response = Object.assign(new EventEmitter(), held, { writeHead: () => response });
    const request = Object.assign(Readable.from([Buffer.from("{}")]), { method: "POST", url: "/v1/events" });
    const events = async (_input: unknown, send: (item: unknown) => Promise<void>, signal: AbortSignal) => {
      await send("item");
      assert.equal(signal.aborted, more > 0);
    };
    const handlers = { streams: { events }, onUnexpected: assert.fail } as unknown as ControlHandlers;
    await serve(request as unknown as IncomingMessage, response as unknown as ServerResponse, handlers);
    assert.match(said.join(""), more === 0 ? /^"item"\n$/ : /^"item"\n.*LIMIT_EXCEEDED.*were waiting/);
  });

test("largePreviewBytes: a large preview has so many bytes, and says that there are more", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "piwork-control-"));
  t.after(() => rmSync(root, { recursive: true }));
  const shown = (_task: string, _area: string, path: string, most: number) =>
    previewFile({ root, parts: [] }, path, most);
  const { calls } = controlHandlers({ previewFile: shown } as unknown as Runtime, assert.fail, () => undefined);
  writeFileSync(join(root, "file"), "");
  for (const more of [0, 1]) {
    truncateSync(join(root, "file"), LIMITS.largePreviewBytes + more); // a hole takes no room
    const file = { task: "a-task", area: "outputs", path: "file", large: true } as const;
    const { content, truncated } = await calls.task_preview(file);
    assert.deepEqual([Buffer.from(content, "base64").length, truncated], [LIMITS.largePreviewBytes, more > 0]);
  }
});
