import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { BareMachine } from "../../harness/machines/bare-machine.ts";
import { KNOWN_FILES, RawLink } from "../../harness/machines/raw-link.ts";
import { mutate } from "../../harness/random/mutate.ts";
import { Random } from "../../harness/random/random.ts";
import type { Sandbox } from "../../harness/runtimes/piwork.ts";
import { greeting } from "../../runtime/bridge/greeting.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import { errorCode } from "../../runtime/protocol/errors.ts";

const TASK = "fuzz-task";

/** What a host says, to be mutated. */
function requests(): string[] {
  const request = (type: string, payload: object) => JSON.stringify({ id: randomUUID(), type, payload });
  return [
    request("runtime_hello", greeting(null, 0)),
    request("runtime_warm", { agent: "probe", slots: 1 }),
    request("runtime_settle", {}),
    request("create_or_open_task", {
      taskId: TASK,
      title: "Fuzz",
      folder: null,
      agent: "probe",
      ...NOTHING_CHOSEN,
      files: KNOWN_FILES,
    }),
    request("switch_task", { taskId: TASK }),
    request("prompt", { taskId: TASK, message: "hello" }),
    request("abort", { taskId: TASK, request: "r-1" }),
    request("system_bash", { taskId: TASK, argv: ["true"], timeoutMs: 1000 }),
    request("extension_ui_response", { taskId: TASK, question: "q", answer: { value: "x" } }),
    request("pi_set_model", { taskId: TASK, model: { provider: "probe", id: "mute" } }),
    request("runtime_get_state", {}),
    JSON.stringify({ type: "ack", seq: 1, taken: { "r-1": 1 } }),
  ];
}

export function fuzzTaskd(sandbox: Sandbox, iterations: number, seed: number): Check {
  return {
    id: "fuzz.taskd",
    claim: `taskd answers a ping after each of ${iterations} mutated lines, with codes of the contract only, and goes on working`,
    deadlineMs: 900_000,
    async run() {
      const random = new Random(seed);
      await using machine = new BareMachine(join(sandbox.directory, "fuzz"), join(sandbox.logs, "fuzz.log"));
      const link = await RawLink.open(machine);
      await link.greet(machine);
      machine.makeTask(TASK);
      const refusals = new Map<string, number>();
      for (let count = 0; count < iterations; count++) {
        const line = mutate(random, requests());
        const from = link.lines.length;
        link.write(Buffer.concat([line, Buffer.from("\n")]));
        const ping = await link.ask("runtime_get_state", {}).catch((error: Error) => {
          throw new Error(`line ${count}: ${error.message}; it was ${line.toString("base64")}`);
        });
        assert.equal(ping["ok"], true, `line ${count}: ${line.toString("base64")}`);
        for (const answer of link.lines.slice(from).filter(({ ok }) => ok === false)) {
          const { code } = answer["error"] as { code: string };
          assert.equal(errorCode.safeParse(code).success, true, code);
          refusals.set(code, (refusals.get(code) ?? 0) + 1);
        }
        link.acknowledge();
      }
      assert.equal((refusals.get("INVALID_REQUEST") ?? 0) > iterations / 4, true, JSON.stringify([...refusals]));
      console.log(`        refusals: ${[...refusals].map(([code, times]) => `${times} × ${code}`).join(", ")}`);
      // It is still what it was: a task opens and answers.
      const task = {
        taskId: "after-the-fuzz",
        title: "After",
        folder: null,
        agent: "probe",
        ...NOTHING_CHOSEN,
        files: KNOWN_FILES,
      };
      machine.makeTask(task.taskId);
      assert.equal(await link.attempt("create_or_open_task", task), "accepted");
      assert.equal(machine.hasEnded, false);
    },
  };
}
