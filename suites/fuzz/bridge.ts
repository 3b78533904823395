import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { mutate } from "../../harness/random/mutate.ts";
import { Random } from "../../harness/random/random.ts";
import type { Sandbox } from "../../harness/runtimes/piwork.ts";
import { Bridge } from "../../runtime/bridge/bridge.ts";
import { errorCode } from "../../runtime/protocol/errors.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { Peer, STATE } from "./peer.ts";

const TASK = "fuzz-task";

/** What a taskd says, to be mutated. */
function sayings(id: string, seq: number): string[] {
  const event = (name: string, payload: object) =>
    JSON.stringify({ type: "event", event: name, timestamp: 1, taskId: TASK, seq, payload });
  return [
    event("runtime_warning", { requestId: null, message: "w" }),
    event("agent_output", { requestId: "r", message: { type: "message_update" } }),
    event("agent_end", { requestId: "r", saved: true }),
    event("task_ready", { requestId: "r", state: "ready" }),
    event("exec_output", { requestId: "r", stream: "stdout", data: "eA==" }),
    JSON.stringify({ id, ok: true, result: STATE }),
    JSON.stringify({ id, ok: false, error: { code: "TASK_BUSY", message: "m", retryable: true } }),
    JSON.stringify({ id: null, ok: false, error: { code: "INVALID_REQUEST", message: "m", retryable: false } }),
  ];
}

export function fuzzBridge(sandbox: Sandbox, iterations: number, seed: number): Check {
  return {
    id: "fuzz.bridge",
    claim: `after each of ${iterations} mutated lines from a machine, the bridge takes the next event and the next answer`,
    deadlineMs: 600_000,
    async run() {
      const random = new Random(seed);
      await using peer = await Peer.listen(join(sandbox.directory, "peer.sock"));
      const events: RuntimeEvent[] = [];
      let violations = 0;
      const bridge = new Bridge(() => peer.connect(), {
        event: (event) => events.push(event),
        violation: () => violations++,
        responsive: () => {},
        rouse: () => {},
        now: Date.now,
      });
      try {
        await bridge.open(null);
        for (let count = 0; count < iterations; count++) {
          peer.holdAnswers();
          const id = randomUUID();
          const outcome = bridge.request("runtime_get_state", {}, { id }).then(
            () => "answered",
            (error: { code?: string }) => error.code ?? String(error),
          );
          const line = mutate(random, sayings(id, (events.at(-1)?.seq ?? 0) + 1 + random.below(2)));
          const words = `line ${count}: ${line.toString("base64")}`;
          peer.say(line);
          peer.giveAnswers();
          const before = events.length;
          await waitFor(`a good event after ${words}`, 20_000, () => {
            peer.say(
              JSON.stringify({
                type: "event",
                event: "task_stopped",
                timestamp: 1,
                taskId: TASK,
                seq: (events.at(-1)?.seq ?? 0) + 1,
                payload: {},
              }),
            );
            return events.length > before || undefined;
          });
          const how = await Promise.race([outcome, delay(20_000, "no answer")]);
          assert.equal(how === "answered" || errorCode.safeParse(how).success, true, `${how} after ${words}`);
        }
        const numbers = events.map(({ seq }) => seq);
        assert.deepEqual(
          numbers,
          numbers.map((_, place) => place + 1),
          "an event came twice, or out of order",
        );
        assert.equal(violations > iterations / 4, true, `${violations} violations`);
        console.log(`        ${violations} violations, ${events.length} events taken, ${peer.links} links`);
      } finally {
        bridge.close();
      }
    },
  };
}
