import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { sayAsTaskd } from "../../harness/machines/own-links.ts";
import { EventTape } from "../../harness/runtimes/event-tape.ts";
import { ISOLATION, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";

const NOTICE_MS = 30_000;

/** What a machine says on its own link: of a task that is in another machine, without end, and twice. */
export function forgedEvents(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const client = () => runtime().client;
  const talk = new Talk(client);
  const create = async (title: string) => (await client().call("task_create", { title, folder: null })).id;
  const stateOf = async (task: string) => (await client().call("task_show", { task })).state;
  const becomesStopped = (task: string) =>
    waitFor("the state 'stopped'", NOTICE_MS, async () => (await stateOf(task)) === "stopped" || undefined);

  /** Says something of a task as the taskd of the machine that has `speaker`: by its number, what comes so many after taskd's last. */
  const say = async (speaker: string, task: string, said: { event: string; payload: object }, after = 1) => {
    const pid = await runtime().qemuPid(speaker);
    const { machines } = await client().call("machine_answers", { patienceMs: 5_000 });
    const { machines: present } = await client().call("status", {});
    const id = present.find((machine) => machine.pid === pid)?.id;
    const answer = machines.find(({ machine }) => machine === id);
    if (answer === undefined || "silent" in answer.taskd) assert.fail(`the machine ${id} is silent`);
    const seq = answer.taskd.said.diag.events.sent + after;
    await sayAsTaskd(pid, { ...said, type: "event", timestamp: Date.now(), taskId: task, seq });
  };
  const stopped = { event: "task_stopped", payload: {} };

  const foreign: Check = {
    id: "event.foreign",
    claim:
      "a machine that says another machine's task has stopped is not believed and is ended, and the log says why in a line; of its own task it is believed",
    async run() {
      const [speaker, other] = [await create("Speaker"), await create("Spoken of")];
      const qemu = await runtime().qemuPid(speaker);
      await say(speaker, other, stopped);
      await waitFor("the end of its machine", NOTICE_MS, async () => !existsSync(`/proc/${qemu}`) || undefined);
      const log = readFileSync(join(sandbox.logs, "piwork.log"), "utf8").split("\n");
      const lines = log.filter((line) => line.includes("broke the protocol") && line.includes('"what"'));
      assert.equal(lines.filter((line) => line.includes(`an event of '${other}'`)).length, 1);
      assert.deepEqual([await stateOf(speaker), await stateOf(other)], ["errored", "active"]);
      assert.equal(await talk.ask("still there", other), "still there");
      // The control: an event that is said in this way is taken for taskd's.
      assert.equal(await talk.ask("again", speaker), "again");
      await say(speaker, speaker, stopped);
      await becomesStopped(speaker);
      for (const task of [speaker, other]) await client().call("task_delete", { task });
    },
  };
  const twice: Check = {
    id: "event.twice",
    claim: "an event that a machine sends three times is delivered once",
    async run() {
      const task = await create("Twice");
      await talk.prompt("before", task);
      const tape = await EventTape.open(client(), task);
      const event = { event: "task_bootstrap_state", payload: { step: "forged" } };
      for (let times = 0; times < 3; times++) await say(task, task, event);
      const isIt = (one: { event: string }) => one.event === event.event;
      await tape.waitFor("the event", isIt);
      // What comes after it was said after all three; the first event of this turn has their number, and is lost.
      await talk.prompt("after", task);
      await tape.waitFor("the end of the turn", ({ event: name }) => name === "agent_end");
      const delivered = tape.events.filter(isIt).length;
      assert.equal(delivered, 1, `it was delivered ${delivered} times`);
      await client().call("task_delete", { task });
    },
  };
  // In a machine for all tasks, none of them is another machine's.
  return ISOLATION === "vm" ? [foreign, twice] : [twice];
}
