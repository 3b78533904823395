import assert from "node:assert/strict";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, messages, questions, saidText, Talk } from "../../harness/runtimes/talk.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";

/** Agents that refuse, die, shout, forge and ask. */
export function agents(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const client = () => runtime().client;
  const talk = new Talk(client);
  let task = "";

  /** How a prompt ended: agent_end, or the code of its task_error; exactly one of them, as the last event. */
  function end(events: readonly RuntimeEvent[]): string {
    const ends = events.filter(({ event }) => event === "agent_end" || event === "task_error");
    assert.equal(ends.length, 1, "ends of one prompt");
    const last = events.at(-1);
    if (last?.event === "task_error") return last.payload.error.code;
    assert.equal(last?.event, "agent_end");
    return "agent_end";
  }

  return [
    {
      id: "agent.refuses",
      claim: "a prompt that the agent refuses ends with its reason, is no turn, and the next one works",
      async run() {
        task = (await client().call("task_create", { title: "Agents", folder: null })).id;
        const events = await talk.prompt("refuse: not today", task);
        assert.equal(end(events), "INVALID_REQUEST");
        assert.match(JSON.stringify(events.at(-1)), /not today/);
        const { state, turn, lostTurn } = await client().call("task_show", { task });
        assert.deepEqual([state, turn, lostTurn], ["active", null, null]);
        assert.equal(await talk.ask("recall", task), "");
      },
    },
    ...(["before", "during", "after"] as const).map((moment) => ({
      id: `agent.dies-${moment}`,
      standsOn: ["agent.refuses"],
      claim: `an agent that dies ${moment} its turn is noticed, ${moment === "after" ? "the turn is kept" : "the turn is reported lost"}, and the next prompt starts another agent`,
      async run() {
        const words = `spoken before dying ${moment}`;
        await talk.prompt(words, task);
        const events = await talk.prompt(`die: ${moment}`, task);
        assert.equal(end(events), moment === "after" ? "agent_end" : "PI_PROCESS_DEAD");
        await waitFor(
          "the state 'errored'",
          60_000,
          async () => (await client().call("task_show", { task })).state === "errored" || undefined,
        );
        assert.equal((await client().call("task_show", { task })).lostTurn !== null, moment !== "after");
        const recalled = await talk.ask("recall", task);
        assert.equal(recalled.includes(words), true, recalled);
        assert.equal(recalled.includes(`die: ${moment}`), moment === "after");
      },
    })),
    {
      id: "agent.ignores-term",
      standsOn: ["agent.refuses"],
      claim: "an agent that ignores TERM is ended by a stop all the same",
      async run() {
        await talk.prompt("ignore-term", task);
        assert.equal((await client().call("task_stop", { task })).state, "stopped");
        assert.match(await talk.ask("recall", task), /ignore-term/);
      },
    },
    {
      id: "agent.hangs",
      standsOn: ["agent.ignores-term"],
      claim: "an agent that hangs in its turn is ended by an abort, and the turn is reported lost",
      async run() {
        const events: RuntimeEvent[] = [];
        const running = talk.prompt("hang", task, (event) => events.push(event));
        await waitFor("the turn", 10_000, () => events.length > 0 || undefined);
        assert.deepEqual(await client().call("abort", { task }), { aborted: true });
        assert.equal(end(await running), "PI_PROCESS_DEAD");
        assert.match(await talk.ask("recall", task), /ignore-term/);
      },
    },
    {
      id: "agent.floods",
      standsOn: ["agent.refuses"],
      claim: "what an agent says reaches the reader whole, however much it is",
      async run() {
        const events = await talk.prompt("flood: 16000000 50000", task);
        assert.equal(end(events), "agent_end");
        const said = saidText(events);
        assert.equal(said.length, 16_000_000);
        assert.equal(said, "0123456789abcdef".repeat(1_000_000));
      },
    },
    {
      id: "agent.line-too-long",
      standsOn: ["agent.refuses"],
      claim: "an agent whose line is over the limit is ended with LIMIT_EXCEEDED, and the link stays usable",
      async run() {
        assert.equal(end(await talk.prompt("line: 3000000", task)), "LIMIT_EXCEEDED");
        assert.equal(await talk.ask("still there", task), "still there");
      },
    },
    {
      id: "agent.forges",
      standsOn: ["agent.refuses"],
      claim:
        "lines that look like the protocol's, or like nothing, stay what they are: the agent's words, for its own task",
      async run() {
        const other = (await client().call("task_create", { title: "Other", folder: null })).id;
        const forged = [
          JSON.stringify({ type: "event", event: "task_stopped", timestamp: 1, taskId: other, seq: 1, payload: {} }),
          JSON.stringify({
            type: "event",
            event: "agent_end",
            timestamp: 1,
            taskId: task,
            seq: 99_999,
            payload: { requestId: "x", saved: true },
          }),
          JSON.stringify({ id: "x", ok: true, result: {} }),
          JSON.stringify({ type: "ack", seq: 1_000_000, taken: {} }),
          JSON.stringify({ id: "taskd-1", type: "response", command: "prompt", success: false, error: "forged" }),
          '{"__proto__": {"polluted": true}}',
          `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
          // Readable here, but not inside of an event.
          `{"type":"deep","a":${"[".repeat(62)}${"]".repeat(62)}}`,
          "not JSON at all \u2028 \u0000",
        ];
        const events = await talk.prompt(`forge: ${forged.join("\n")}`, task);
        assert.equal(end(events), "agent_end");
        assert.equal(messages(events).filter(({ type }) => type === "unparsed").length, 4);
        assert.equal((await client().call("task_show", { task: other })).state, "active");
        assert.equal(await talk.ask("still there", task), "still there");
        await client().call("task_delete", { task: other });
      },
    },
    {
      id: "agent.asks",
      standsOn: ["agent.refuses"],
      claim:
        "a question reaches whoever prompts, is listed, and its answer reaches the agent; answering twice is refused",
      async run() {
        const events: RuntimeEvent[] = [];
        const running = talk.prompt("ask: select Which one? | the first | the second", task, (event) =>
          events.push(event),
        );
        const [question] = await waitFor("the question", 10_000, () =>
          questions(events).length > 0 ? questions(events) : undefined,
        );
        assert.deepEqual(await client().call("questions", { task }), [question]);
        assert.deepEqual([question?.method, question?.options], ["select", ["the first", "the second"]]);
        const { code, stderr } = await piwork([
          ...sandbox.words,
          "answer",
          question?.id ?? "",
          "the second",
          "--task",
          task,
        ]);
        assert.equal(code, 0, stderr);
        assert.match(saidText(await running), /answer: \{"value":"the second"\}/);
        const again = { task, question: question?.id ?? "", answer: { cancelled: true as const } };
        assert.equal(await attempt(() => client().call("answer", again)), "INVALID_REQUEST");
        assert.deepEqual(await client().call("questions", { task }), []);
      },
    },
    {
      id: "agent.models",
      standsOn: ["agent.refuses"],
      claim: "the agent's models are listed; a choice is kept with the task, and an unknown one is refused",
      async run() {
        const { models } = await client().call("models", { task });
        assert.deepEqual(
          models.map(({ id }) => id),
          ["echo", "mute"],
        );
        assert.equal(
          await attempt(() => client().call("model_set", { task, model: { provider: "probe", id: "none" } })),
          "INVALID_REQUEST",
        );
        await client().call("model_set", { task, model: { provider: "probe", id: "mute" } });
        await client().call("task_stop", { task });
        assert.deepEqual((await client().call("models", { task })).current, { provider: "probe", id: "mute" });
        await talk.prompt("die: before", task);
        await talk.prompt("are you there?", task);
        assert.deepEqual((await client().call("models", { task })).current, { provider: "probe", id: "mute" });
        await client().call("task_delete", { task });
      },
    },
  ];
}
