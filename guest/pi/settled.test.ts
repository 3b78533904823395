import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentSession, PromptOptions, SessionEvent } from "pi/core/agent-session.js";
import { saySettled } from "./settled.ts";

/** A session whose prompt does this, and which says of itself what `state` holds. */
function setUp(act: (session: Fake, options: PromptOptions) => Promise<void>) {
  const said: object[] = [];
  const session = new Fake(act);
  saySettled(session as unknown as AgentSession, (message) => said.push(message));
  return { session: session as unknown as AgentSession, fake: session, said };
}

class Fake {
  readonly #act: (session: Fake, options: PromptOptions) => Promise<void>;
  readonly listeners: ((event: SessionEvent) => void)[] = [];
  readonly modelRegistry = { getAvailable: () => this.models };
  models: object[] = [{}];
  queued = 0;
  continued = 0;
  isStreaming = false;
  isCompacting = false;
  isRetrying = false;
  readonly agent = {
    waitForIdle: async () => {},
    hasQueuedMessages: () => this.queued > 0,
    continue: async () => {
      this.queued--;
      this.continued++;
    },
  };

  constructor(act: (session: Fake, options: PromptOptions) => Promise<void>) {
    this.#act = act;
  }

  async prompt(_: string, options: PromptOptions): Promise<void> {
    await this.#act(this, options);
  }

  subscribe(listener: (event: SessionEvent) => void): () => void {
    this.listeners.push(listener);
    return () => {};
  }

  emit(type: string, more: object = {}): void {
    for (const listener of this.listeners) listener({ type, ...more });
  }

  clearQueue(): void {
    this.queued = 0;
  }

  abortCompaction(): void {}
  async abort(): Promise<void> {}
}

const taken = async (_: Fake, { preflightResult }: PromptOptions) => preflightResult?.(true);

test("a prompt that was taken is over once", async () => {
  const { session, said } = setUp(taken);
  await session.prompt("hello");
  assert.deepEqual(said, [{ type: "settled" }]);
});

test("a prompt that was not taken is refused, and is no turn that ends", async () => {
  const { session, said } = setUp(async () => {
    throw new Error("no key");
  });
  await assert.rejects(session.prompt("hello"), /no key/);
  assert.deepEqual(said, []);
});

test("without a model there is no turn", async () => {
  const { session, fake, said } = setUp(taken);
  fake.models = [];
  await assert.rejects(session.prompt("hello"), /piwork provider add/);
  assert.deepEqual(said, []);
});

test("it is not over while pi makes room and goes on by itself", async () => {
  const { session, said } = setUp(async (fake, options) => {
    await taken(fake, options);
    fake.emit("compaction_end", { willRetry: true });
    setTimeout(() => {
      assert.deepEqual(said, []);
      fake.isStreaming = true;
      fake.emit("agent_start");
      setTimeout(() => {
        assert.deepEqual(said, []);
        fake.isStreaming = false;
      }, 50);
    }, 100);
  });
  await session.prompt("hello");
  assert.deepEqual(said, [{ type: "settled" }]);
});

test("what was said when the turn had just ended is heard in it", async () => {
  const { session, fake, said } = setUp(async (fake, options) => {
    await taken(fake, options);
    fake.queued = 1;
  });
  await session.prompt("hello");
  assert.deepEqual([fake.continued, said.length], [1, 1]);
});

test("a turn that fails after it was taken says why, and is over", async () => {
  const { session, said } = setUp(async (fake, options) => {
    await taken(fake, options);
    throw new Error("it broke");
  });
  await session.prompt("hello");
  assert.match(JSON.stringify(said), /"errorMessage":"it broke".*settled/);
});

test("what waits to be said goes with the turn that is aborted", async () => {
  const { session, fake } = setUp(taken);
  fake.queued = 2;
  await session.abort();
  assert.equal(fake.queued, 0);
});
