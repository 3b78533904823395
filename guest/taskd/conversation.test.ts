import assert from "node:assert/strict";
import { test } from "node:test";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { Agent } from "./agent.ts";
import { Conversation, type EmitForTask } from "./conversation.ts";
import type { Session } from "./session.ts";

/** An agent that takes up whatever it is given, refuses every model, and counts how often it was ended. */
function setUp() {
  const ends = { count: 0 };
  let end: (error: PiworkError) => void = () => {};
  const agent = {
    gone: new Promise<PiworkError>((resolve) => (end = resolve)),
    async takeUp() {},
    async askOrFail() {
      return { success: false, error: "unknown" };
    },
    async kill() {
      ends.count++;
      end(new PiworkError("PI_PROCESS_DEAD", "It was ended."));
    },
  } as unknown as Agent;
  return { agent, ends };
}

const how = { model: null, thinking: null, signal: new AbortController().signal };
const whole = { restore: () => false } as Session;
const quiet: EmitForTask = async () => {};

test("a conversation whose session cannot be restored leaves no agent", async () => {
  const { agent, ends } = setUp();
  const conversation = new Conversation(quiet);
  const broken = new PiworkError("TASK_BOOTSTRAP_FAILED", "The session file is broken.");
  const session = {
    restore() {
      throw broken;
    },
  } as unknown as Session;
  await assert.rejects(
    conversation.start(agent, session, how, () => {}),
    broken,
  );
  assert.deepEqual([ends.count, conversation.isRunning], [1, false]);
});

test("a conversation that fails after its agent took up the session leaves none either", async () => {
  const { agent, ends } = setUp();
  const conversation = new Conversation(async () => {
    throw new Error("the link is gone");
  });
  const model = { provider: "probe", id: "gone" };
  await assert.rejects(
    conversation.start(agent, whole, { ...how, model }, () => {}),
    /the link is gone/,
  );
  assert.deepEqual([ends.count, conversation.isRunning], [1, false]);
});

test("a conversation that begins keeps its agent", async () => {
  const { agent, ends } = setUp();
  const conversation = new Conversation(quiet);
  await conversation.start(agent, whole, how, () => {});
  assert.deepEqual([ends.count, conversation.isRunning], [0, true]);
});
