import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineTooLong } from "../../runtime/protocol/lines.ts";
import { type Handlers, RememberedRequests } from "./requests.ts";

/** A Requests with one working command, `abort`, whose effects are counted. */
function setUp(abort: () => Promise<{ aborted: boolean }> = async () => ({ aborted: true })) {
  const lines: string[] = [];
  const effects = { count: 0, after: 0 };
  const handlers = {
    async abort() {
      effects.count++;
      return { result: await abort(), after: () => effects.after++ };
    },
    async runtime_get_state() {
      throw new Error("a secret inside");
    },
  } as unknown as Handlers;
  const acks: number[] = [];
  const requests = new RememberedRequests(
    handlers,
    async (line) => void lines.push(line),
    ({ seq }) => void acks.push(seq),
  );
  return { requests, effects, lines, acks, answers: () => lines.map((line) => JSON.parse(line)) };
}

/** Bytes in use once what nobody needs is cleared away. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

const line = (id: string, payload: object = { taskId: "task-a" }, type = "abort") =>
  JSON.stringify({ id, type, payload });

test("a request is answered, and what follows comes after its answer", async () => {
  const { requests, effects, answers } = setUp();
  await requests.receive(line("1"));
  assert.deepEqual(answers(), [{ id: "1", ok: true, result: { aborted: true } }]);
  assert.deepEqual(effects, { count: 1, after: 1 });
});

test("an acknowledgement and an empty line get no answer", async () => {
  const { requests, lines, acks } = setUp();
  await requests.receive('{"type":"ack","seq":7,"taken":{}}');
  await requests.receive("");
  assert.deepEqual([lines, acks], [[], [7]]);
});

test("the same id and payload again: the same answer, no second effect, keys in any order", async () => {
  const { requests, effects, lines } = setUp();
  await requests.receive(line("1", { taskId: "task-a", request: "r" }));
  await requests.receive(line("1", { request: "r", taskId: "task-a" }));
  assert.equal(lines[0], lines[1]);
  assert.deepEqual(effects, { count: 1, after: 1 });
});

test("the same id while the first still runs waits for it", async () => {
  let finish: (answer: { aborted: boolean }) => void = () => {};
  const { requests, effects, lines } = setUp(() => new Promise((resolve) => (finish = resolve)));
  const both = [requests.receive(line("1")), requests.receive(line("1"))];
  await new Promise(setImmediate);
  assert.deepEqual(lines, []);
  finish({ aborted: false });
  await Promise.all(both);
  assert.equal(lines.length, 2);
  assert.equal(lines[0], lines[1]);
  assert.equal(effects.count, 1);
});

test("the same id with another payload or command is refused and has no effect", async () => {
  const { requests, effects, answers } = setUp();
  await requests.receive(line("1"));
  await requests.receive(line("1", { taskId: "task-b" }));
  await requests.receive(line("1", { taskId: "task-a" }, "stop_task"));
  assert.deepEqual(
    answers().map(({ ok, error }) => [ok, error?.code]),
    [
      [true, undefined],
      [false, "INVALID_REQUEST"],
      [false, "INVALID_REQUEST"],
    ],
  );
  assert.equal(effects.count, 1);
});

const deep = (levels: number): object => (levels === 0 ? {} : { inner: deep(levels - 1) });
const refusals: [name: string, received: string | LineTooLong, id: string | null, code: string][] = [
  ["malformed JSON", "{", null, "INVALID_REQUEST"],
  ["null", "null", null, "INVALID_REQUEST"],
  ["an array", "[]", null, "INVALID_REQUEST"],
  ["no id", '{"type":"abort","payload":{}}', null, "INVALID_REQUEST"],
  ["an id with a newline", line("a\nb"), null, "INVALID_REQUEST"],
  ["no payload", '{"id":"1","type":"abort"}', "1", "INVALID_REQUEST"],
  ["a payload that is an array", '{"id":"1","type":"abort","payload":[]}', "1", "INVALID_REQUEST"],
  ["a field too many in the frame", '{"id":"1","type":"abort","payload":{},"x":1}', "1", "INVALID_REQUEST"],
  ["a field too many in the payload", line("1", { taskId: "task-a", x: 1 }), "1", "INVALID_REQUEST"],
  ["a wrong type", line("1", { taskId: 7 }), "1", "INVALID_REQUEST"],
  ["an id that is a path", line("1", { taskId: "../x" }), "1", "INVALID_REQUEST"],
  ["an unknown command", line("1", {}, "nothing"), "1", "INVALID_REQUEST"],
  ["a command that every object has", line("1", {}, "constructor"), "1", "INVALID_REQUEST"],
  ["__proto__ as a command", line("1", {}, "__proto__"), "1", "INVALID_REQUEST"],
  [
    "__proto__ in a payload",
    '{"id":"1","type":"abort","payload":{"taskId":"task-a","__proto__":{"x":1}}}',
    "1",
    "INVALID_REQUEST",
  ],
  ["a depth bomb", line("1", deep(80)), "1", "INVALID_REQUEST"],
  ["a bomb that is deep in text", "[".repeat(500_000), null, "INVALID_REQUEST"],
  ["a line over the limit", new LineTooLong(LIMITS.lineBytes), null, "LIMIT_EXCEEDED"],
];
for (const [name, received, id, code] of refusals) {
  test(`${name} is refused with ${code}, and the next request works`, async () => {
    const { requests, answers, effects } = setUp();
    await requests.receive(received);
    await requests.receive(line("good"));
    const [refused, good] = answers();
    assert.deepEqual([refused.id, refused.ok, refused.error.code], [id, false, code]);
    assert.equal(good.ok, true);
    assert.equal(effects.count, 1);
  });
}

test("an unexpected failure leaves without its insides", async () => {
  const { requests, lines, answers } = setUp();
  await requests.receive(line("1", {}, "runtime_get_state"));
  assert.equal(answers()[0].error.code, "INTERNAL_ERROR");
  assert.equal(lines[0]?.includes("secret"), false);
});

test("the memory of ids is bounded, and the oldest are forgotten first", async () => {
  const { requests, effects } = setUp();
  for (let id = 0; id <= LIMITS.rememberedIds; id++) await requests.receive(line(`id-${id}`));
  const before = effects.count;
  await requests.receive(line(`id-${LIMITS.rememberedIds}`));
  assert.equal(effects.count, before, "the newest is remembered");
  await requests.receive(line("id-0"));
  assert.equal(effects.count, before + 1, "the oldest is forgotten");
});

test("a long request is known again by its text alone", async () => {
  const { requests, lines, answers } = setUp();
  const long = { payload: { taskId: "task-a", request: "r".repeat(LIMITS.comparedCharacters) } };
  await requests.receive(JSON.stringify({ id: "1", type: "abort", ...long }));
  await requests.receive(JSON.stringify({ id: "1", type: "abort", ...long }));
  assert.equal(lines[0], lines[1]);
  await requests.receive(JSON.stringify({ id: "1", ...long, type: "abort" }));
  assert.match(answers()[2].error.message, /used for another request/);
});

test("what is remembered of requests takes the memory that it is counted with", async () => {
  const { requests } = setUp();
  const empties = Array(300_000).fill("{}").join();
  await requests.receive(`{"id":"0","type":"abort","payload":{"a":[${empties}]}}`);
  const before = heapUsed();
  for (let id = 1; id <= 8; id++) await requests.receive(`{"id":"${id}","type":"abort","payload":{"a":[${empties}]}}`);
  const mebibytes = (heapUsed() - before) / 1024 ** 2;
  assert.equal(mebibytes < 20, true, `${mebibytes.toFixed()} MiB are held`);
});

test("while every remembered request runs, one more is refused and the running ones stay", async () => {
  const finish: ((answer: { aborted: boolean }) => void)[] = [];
  const { requests, answers } = setUp(() => new Promise((resolve) => finish.push(resolve)));
  const running = Array.from({ length: LIMITS.rememberedIds }, (_, id) => requests.receive(line(`id-${id}`)));
  await new Promise(setImmediate);
  await requests.receive(line("one-more"));
  assert.deepEqual(
    answers().map(({ id, error }) => [id, error?.code]),
    [["one-more", "LIMIT_EXCEEDED"]],
  );
  for (const end of finish) end({ aborted: true });
  await Promise.all(running);
  assert.equal(answers().length, LIMITS.rememberedIds + 1);
});

test("long answers are forgotten before their bytes fill the memory", async () => {
  const effects = { count: 0 };
  // One answer is a line, and no longer.
  const answer = "x".repeat(LIMITS.rememberedBytes / 9);
  const handlers = { abort: async () => ({ result: { answer, count: effects.count++ } }) } as unknown as Handlers;
  const requests = new RememberedRequests(
    handlers,
    async () => {},
    () => {},
  );
  for (let id = 0; id < 10; id++) await requests.receive(line(`id-${id}`));
  await requests.receive(line("id-9"));
  assert.equal(effects.count, 10, "the newest is remembered");
  await requests.receive(line("id-0"));
  assert.equal(effects.count, 11, "the oldest is forgotten");
});
