import assert from "node:assert/strict";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { Conversations } from "./conversations.ts";
import { EventStream } from "./event-stream.ts";
import type { Tasks, TasksParts } from "./tasks.ts";
import type { Transcripts } from "./transcripts.ts";

const CHUNK = Buffer.alloc(LIMITS.execChunkBytes).toString("base64");

/** A command whose machine sends this many chunks of output, whatever was taken of them. */
function run(chunks: number, data: string, listener: () => Promise<void>) {
  const events = new EventStream();
  let taken = 0;
  let fail = (_: PiworkError) => {};
  const broken: string[] = [];
  const bridge = {
    request(_command: string, _payload: unknown, { id: requestId }: { id: string }) {
      const payload = { requestId, stream: "stdout", data } as const;
      return new Promise((resolve, reject) => {
        fail = reject;
        for (let at = 0; at < chunks && broken.length === 0; at++)
          events.publish({ event: "exec_output", taskId: "task", payload });
        resolve({ exitCode: 0 });
      });
    },
    took: (_id: string, bytes: number) => {
      taken += bytes;
    },
    tookAll: () => {},
    breakOff(what: string) {
      broken.push(what);
      fail(new PiworkError("PI_PROCESS_DEAD", what));
    },
  };
  const book = { find: () => ({ id: "task" }) };
  const parts = { book, events, quota: { verdict: () => undefined }, fleet: {} } as unknown as TasksParts & {
    transcripts: Transcripts;
  };
  const conversations = new Conversations({ reach: async () => bridge } as unknown as Tasks, parts);
  const end = conversations.exec({ argv: ["true"] }, listener, new AbortController().signal);
  return { end, broken, taken: () => taken };
}

test("output that is taken reaches who asked for it", async () => {
  const { end, broken, taken } = run(20, CHUNK, async () => {});
  assert.deepEqual(await end, { exitCode: 0 });
  assert.deepEqual([taken(), broken], [20 * LIMITS.execChunkBytes, []]);
});

for (const [what, data, chunks] of [
  ["more than two windows", CHUNK, 33],
  ["nothing, without an end,", "", (2 * LIMITS.execWindowBytes) / LIMITS.minimumChunkCharge + 1],
] as const) {
  test(`a machine that sends ${what} while nobody reads loses its link`, async () => {
    const { end, broken } = run(chunks, data, () => new Promise(() => {}));
    await assert.rejects(Promise.race([end, timeout()]), { code: "PI_PROCESS_DEAD" });
    assert.equal(broken.length, 1);
  });
}

function timeout(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("it goes on")), 1_000));
}
