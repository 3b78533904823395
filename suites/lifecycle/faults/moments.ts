import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EventTape } from "../../../harness/runtimes/event-tape.ts";
import { AGENT } from "../../../harness/runtimes/piwork.ts";
import { attempt } from "../../../harness/runtimes/talk.ts";
import type { RuntimeEvent } from "../../../runtime/protocol/events.ts";
import type { Testbed, Victim } from "./testbed.ts";

/** Characters that take an agent a while; each of pi's goes through the host first. */
const FLOOD = { probe: 16_000_000, pi: 400_000 } as const;

/** What is under way at a moment. */
export interface Underway {
  /** how it ended: "accepted", the code of the refusal, or an error's text */
  outcome: Promise<string>;
  /** the message of the turn that is in flight, or was just completed */
  turn?: { message: string; events: RuntimeEvent[]; isCompleted: boolean };
  /** ends what would go on for ever */
  finish?: () => Promise<void>;
}

/** A point in the life of a task at which something may go wrong. */
export interface Moment {
  id: string;
  /** the task has a folder before */
  bound: boolean;
  /** resolves when the moment has come */
  begin(testbed: Testbed, victim: Victim): Promise<Underway>;
}

/** A step of opening, seen in the events. */
function openUntil(step: string): Moment["begin"] {
  return async (testbed, { id }) => {
    await testbed.client.call("task_stop", { task: id });
    const tape = await EventTape.open(testbed.client, id);
    const outcome = attempt(() => testbed.client.call("task_switch", { task: id }));
    await tape.waitFor(
      `the step '${step}'`,
      (event) => event.event === "task_bootstrap_state" && event.payload.step === step,
    );
    return { outcome };
  };
}

/** A prompt, until `reached` says so of what came of it. */
async function promptUntil(
  testbed: Testbed,
  { id }: Victim,
  message: string,
  reached: (events: readonly RuntimeEvent[]) => boolean,
): Promise<{ outcome: Promise<string>; events: RuntimeEvent[] }> {
  const events: RuntimeEvent[] = [];
  let come = () => {};
  const moment = new Promise<void>((resolve) => {
    come = resolve;
  });
  const listen = (event: RuntimeEvent) => {
    events.push(event);
    if (reached(events)) come();
  };
  const outcome = attempt(() => testbed.talk.promptOrFail(message, id, listen));
  await Promise.race([moment, outcome]);
  return { outcome, events };
}

const unique = (words: string) => `${words} ${randomBytes(6).toString("hex")}`;

export const MOMENTS: readonly Moment[] = [
  { id: "open.folder", bound: true, begin: openUntil("folder") },
  { id: "open.agent", bound: true, begin: openUntil("agent") },
  {
    id: "switch",
    bound: true,
    async begin(testbed, { id }) {
      await testbed.client.call("task_switch", { task: testbed.bystander.id });
      const tape = await EventTape.open(testbed.client, id);
      const outcome = attempt(() => testbed.client.call("task_switch", { task: id }));
      await tape.waitFor("the switch", ({ event }) => event === "task_switch_started");
      return { outcome };
    },
  },
  {
    id: "bind",
    bound: false,
    async begin(testbed, { id, folder }) {
      writeFileSync(join(folder, "here"), "");
      return { outcome: attempt(() => testbed.client.call("task_bind", { task: id, folder: basename(folder) })) };
    },
  },
  {
    id: "prompt.accepted",
    bound: true,
    async begin(testbed, victim) {
      const message = "wait";
      const { outcome, events } = await promptUntil(testbed, victim, message, ({ length }) => length >= 1);
      const finish = async () => void (await testbed.client.call("abort", { task: victim.id }));
      return { outcome, turn: { message, events, isCompleted: false }, finish };
    },
  },
  {
    id: "prompt.streaming",
    bound: true,
    async begin(testbed, victim) {
      const message = `flood: ${FLOOD[AGENT]}`;
      const { outcome, events } = await promptUntil(testbed, victim, message, ({ length }) => length >= 20);
      return { outcome, turn: { message, events, isCompleted: false } };
    },
  },
  {
    id: "prompt.ended",
    bound: true,
    async begin(testbed, victim) {
      const message = unique("the last words before");
      const ended = (events: readonly RuntimeEvent[]) => events.at(-1)?.event === "agent_end";
      const { outcome, events } = await promptUntil(testbed, victim, message, ended);
      return { outcome, turn: { message, events, isCompleted: true } };
    },
  },
  {
    id: "exec",
    bound: true,
    async begin(testbed, { id }) {
      let come = () => {};
      const started = new Promise<void>((resolve) => {
        come = resolve;
      });
      const command = "echo started; until [ -e finish ]; do sleep 0.1; done";
      const outcome = attempt(() => testbed.talk.exec(["sh", "-c", command], { task: id }, come));
      await Promise.race([started, outcome]);
      const { folder } = await testbed.record(id);
      const finish = async () => writeFileSync(join(testbed.sandbox.workspace, folder ?? "", "finish"), "");
      return { outcome, finish };
    },
  },
  {
    id: "stop",
    bound: true,
    async begin(testbed, { id }) {
      // An agent that ignores the first request to end keeps the stop going for some seconds.
      await testbed.talk.prompt("ignore-term", id);
      const outcome = attempt(() => testbed.client.call("task_stop", { task: id }));
      await delay(500);
      return { outcome };
    },
  },
  { id: "idle", bound: true, begin: async () => ({ outcome: Promise.resolve("accepted") }) },
];
