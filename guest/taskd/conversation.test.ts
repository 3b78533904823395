import assert from "node:assert/strict";
import { test } from "node:test";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
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
  assert.deepEqual([ends.count, conversation.agent], [1, undefined]);
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
  assert.deepEqual([ends.count, conversation.agent], [1, undefined]);
});

test("a conversation that begins keeps its agent", async () => {
  const { agent, ends } = setUp();
  const conversation = new Conversation(quiet);
  await conversation.start(agent, whole, how, () => {});
  assert.deepEqual([ends.count, conversation.agent], [0, agent]);
});

/** What a conversation says to the host, and to its agent, when that asks these questions. */
async function ask(questions: object[]) {
  let hear: (message: object) => Promise<void> = async () => {};
  const told: object[] = [];
  const agent = {
    gone: new Promise(() => {}),
    async takeUp(_: boolean, listener: typeof hear) {
      hear = listener;
    },
    tell: (message: object) => void told.push(message),
  } as unknown as Agent;
  const events: string[] = [];
  const conversation = new Conversation(async (event) => void events.push(event));
  await conversation.start(agent, whole, how, () => {});
  for (const [at, question] of questions.entries())
    await hear({ type: "extension_ui_request", id: `${at}`, method: "input", title: "?", ...question });
  return { events, told };
}

test("an agent has so many open questions and no more; one warning says so", async () => {
  const { events, told } = await ask(Array(LIMITS.openQuestions + 2).fill({}));
  assert.equal(events.filter((event) => event === "extension_ui_request").length, LIMITS.openQuestions);
  assert.deepEqual(events.slice(LIMITS.openQuestions), ["runtime_warning"]);
  assert.deepEqual(
    told,
    [16, 17].map((id) => ({ type: "extension_ui_response", id: `${id}`, cancelled: true })),
  );
});

test("open questions have so many bytes and no more", async () => {
  const long = { prefill: "x".repeat(LIMITS.answerCharacters) };
  const fit = Math.floor(LIMITS.openQuestionBytes / (LIMITS.answerCharacters + 100));
  const { events } = await ask(Array(fit + 1).fill(long));
  assert.deepEqual(events, [...Array(fit).fill("extension_ui_request"), "runtime_warning"]);
});
