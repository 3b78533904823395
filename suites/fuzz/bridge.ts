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

const eventLine = (seq: number, event: string, payload: object) =>
  JSON.stringify({ type: "event", event, timestamp: 1, taskId: TASK, seq, payload });
const warning = (seq: number) => eventLine(seq, "runtime_warning", { requestId: null, message: "w" });

/** What a taskd says, to be mutated. */
function sayings(id: string, seq: number): string[] {
  const event = (name: string, payload: object) => eventLine(seq, name, payload);
  return [
    warning(seq),
    event("agent_output", { requestId: "r", message: { type: "message_update" } }),
    event("agent_end", { requestId: "r", saved: true }),
    event("task_ready", { requestId: "r", state: "ready" }),
    event("exec_output", { requestId: "r", stream: "stdout", data: "eA==" }),
    JSON.stringify({ id, ok: true, result: STATE }),
    JSON.stringify({ id, ok: false, error: { code: "TASK_BUSY", message: "m", retryable: true } }),
  ];
}

export function fuzzBridge(sandbox: Sandbox, iterations: number, seed: number): Check {
  return {
    id: "fuzz.bridge",
    claim: `after each of ${iterations} mutated lines from a machine, the bridge takes the next event and the next answer, or has ended the machine, with one violation`,
    deadlineMs: 600_000,
    async run() {
      const random = new Random(seed);
      let [ended, taken] = [0, 0];
      let trial = await Trial.open(sandbox);
      try {
        for (let count = 0; count < iterations; count++) {
          const how = await trial.survives(random, count);
          taken += trial.events.length;
          if (how === "taken") continue;
          ended++;
          await trial[Symbol.asyncDispose]();
          trial = await Trial.open(sandbox);
        }
      } finally {
        await trial[Symbol.asyncDispose]();
      }
      assert.equal(ended > iterations / 4, true, `${ended} machines were ended`);
      assert.equal(ended < iterations, true, "no line was legal");
      console.log(`        ${ended} machines were ended, ${taken} events taken`);
    },
  };
}

/** One machine, until it breaks the protocol. */
class Trial implements AsyncDisposable {
  readonly events: RuntimeEvent[] = [];
  readonly #violations: string[] = [];
  readonly #peer: Peer;
  readonly #bridge: Bridge;

  private constructor(peer: Peer) {
    this.#peer = peer;
    this.#bridge = new Bridge(() => peer.connect(), {
      event: (event) => this.events.push(event),
      violation: (what) => this.#violations.push(what),
      responsive: () => {},
      rouse: () => {},
      now: Date.now,
    });
  }

  static async open(sandbox: Sandbox): Promise<Trial> {
    const trial = new Trial(await Peer.listen(join(sandbox.directory, "peer.sock")));
    await trial.#bridge.open(null);
    return trial;
  }

  /** Says a mutated line, and sees whether it was taken, or was the end. */
  async survives(random: Random, count: number): Promise<"taken" | "ended"> {
    const [peer, bridge] = [this.#peer, this.#bridge];
    const before = this.events.length;
    peer.holdAnswers();
    const id = randomUUID();
    const outcome = bridge.request("runtime_get_state", {}, { id }).then(
      () => "answered",
      (error: { code?: string }) => error.code ?? String(error),
    );
    const line = mutate(random, sayings(id, this.#nextSeq));
    const words = `line ${count}: ${line.toString("base64")}`;
    peer.say(line);
    // Where the line was the answer, this one is another, which no taskd gives.
    const answered = await Promise.race([outcome, delay(5, undefined)]);
    if (answered === undefined) peer.giveAnswers();
    const how = await Promise.race([outcome, delay(20_000, "no answer")]);
    assert.equal(how === "answered" || errorCode.safeParse(how).success, true, `${how} after ${words}`);
    if (bridge.closedFor === undefined) {
      const taken = this.events.length;
      peer.say(warning(this.#nextSeq));
      await waitFor(`a good event after ${words}`, 20_000, () => {
        return this.events.length > taken || bridge.closedFor !== undefined || undefined;
      });
    }
    const numbers = this.events.map(({ seq }) => seq);
    assert.deepEqual(
      numbers,
      numbers.map((_, place) => place + 1),
      "an event came twice, or out of order",
    );
    const isEnded = bridge.closedFor !== undefined;
    assert.equal(this.#violations.length, isEnded ? 1 : 0, `${this.#violations.join("; ")} after ${words}`);
    assert.equal(isEnded || this.events.length > before, true);
    return isEnded ? "ended" : "taken";
  }

  get #nextSeq(): number {
    return (this.events.at(-1)?.seq ?? 0) + 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bridge.close();
    await this.#peer[Symbol.asyncDispose]();
  }
}
