import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeEvent } from "../protocol/events.ts";
import { type EventFilter, EventStream } from "./event-stream.ts";

const warning = (taskId: string | null, requestId: string | null = null) =>
  ({ event: "runtime_warning", taskId, payload: { requestId, message: "a warning" } }) as const;
const ended = (taskId: string, requestId: string) =>
  ({ event: "agent_end", taskId, payload: { requestId, saved: true } }) as const;

const seen = (events: readonly RuntimeEvent[]) => events.map(({ event, taskId }) => `${event} of ${taskId}`);

const FILTERS: [filter: EventFilter, passed: string[]][] = [
  [{}, ["runtime_warning of null", "runtime_warning of a", "agent_end of a", "agent_end of b", "task_stopped of b"]],
  [{ task: "a" }, ["runtime_warning of a", "agent_end of a"]],
  [{ request: "one" }, ["agent_end of a"]],
  [{ task: "b", request: "one" }, []],
  [{ names: ["agent_end", "task_stopped"] }, ["agent_end of a", "agent_end of b", "task_stopped of b"]],
];

for (const [filter, passed] of FILTERS) {
  test(`a subscription to ${JSON.stringify(filter)} passes on the events that match`, () => {
    const stream = new EventStream();
    const events: RuntimeEvent[] = [];
    {
      using _subscription = stream.subscribe(filter, (event) => events.push(event));
      stream.publish(warning(null));
      stream.publish(warning("a"));
      stream.publish(ended("a", "one"));
      stream.publish(ended("b", "two"));
      stream.publish({ event: "task_stopped", taskId: "b", payload: {} });
    }
    stream.publish(ended("a", "one"));
    assert.deepEqual(seen(events), passed);
  });
}

test("events of several machines have one order", () => {
  const stream = new EventStream();
  const events: RuntimeEvent[] = [];
  using _subscription = stream.subscribe({}, (event) => events.push(event));
  for (const seq of [7, 1]) stream.publish({ ...ended("a", "one"), ...{ type: "event", timestamp: 0, seq } });
  assert.deepEqual(
    [events.map(({ seq }) => seq), stream.lastSeq, events.every(({ timestamp }) => timestamp > 0)],
    [[1, 2], 2, true],
  );
});

test("the next event that matches is waited for, until the deadline", async () => {
  const stream = new EventStream();
  using found = stream.next({ task: "a", names: ["agent_end"] }, { deadlineMs: 60_000, doing: "a turn" });
  using late = stream.next({ task: "b" }, { deadlineMs: 1, doing: "another turn" });
  stream.publish(warning("a"));
  stream.publish(ended("a", "one"));
  assert.equal((await found.event).payload.requestId, "one");
  await assert.rejects(late.event, { code: "SWITCH_TIMEOUT" });
});
