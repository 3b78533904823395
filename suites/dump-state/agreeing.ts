import assert from "node:assert/strict";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { ISOLATION, piwork } from "../../harness/runtimes/piwork.ts";
import { saidIn } from "../../runtime/api/answer.ts";
import { stateDump } from "../../runtime/api/dump.ts";
import { assertNamed, type DumpedRuntime } from "./dumped-runtime.ts";

/** Dumps that are taken while something goes on. */
const DUMPS = 6;
/** What has to have gone on by then: a run in which nothing did would show nothing. */
const LEAST_STEPS = 10;

/** The tasks that the checks of one runtime share. */
export interface Tasks {
  /** active, with a folder */
  active: string;
  /** idle, with a folder; it is stopped before anything is put wrong */
  bound: string;
  /** idle, without one */
  unbound: string;
  stopped: string;
}

export async function makeTasks(dumped: DumpedRuntime): Promise<Tasks> {
  const stopped = await dumped.makeTask("Stopped", "stopped");
  await dumped.client.call("task_stop", { task: stopped });
  const bound = await dumped.makeTask("Bound", "bound");
  const unbound = await dumped.makeTask("Unbound");
  const active = await dumped.makeTask("Active", "active");
  return { active, bound, unbound, stopped };
}

/** Where nothing is wrong, no contradiction is named, whatever goes on. */
export function agreeing(dumped: DumpedRuntime, tasks: Tasks): Check[] {
  return [
    {
      id: "dump.agrees",
      claim: `nothing contradicts between the sides of tasks that are active, idle and stopped, with and without a folder (${ISOLATION})`,
      async run() {
        const { stdout, stderr, code } = await piwork([...dumped.sandbox.words, "dump-state", "--json"]);
        assert.equal(code, 0, stderr);
        const dump = stateDump.parse(JSON.parse(stdout));
        dumped.keep("state.before", dump);
        assertNamed(dump, []);
        // A dump of sides that say nothing names nothing either.
        const { active, bound, unbound, stopped } = tasks;
        const heard = Object.fromEntries(
          dump.tasks.map(({ id, runtime, taskd, panel, host }) => [
            id,
            [
              runtime?.record.state,
              saidIn(taskd)?.state ?? "no view",
              saidIn(panel)?.state,
              saidIn(host.record)?.state,
              host.session.is === "saved" ? host.session.head.turns : 0,
            ],
          ]),
        );
        const idleThere = ISOLATION === "vm" ? "active" : "idle";
        assert.deepEqual(heard, {
          [active]: ["active", "active", "active", "active", 1],
          [bound]: ["idle", idleThere, "idle", "idle", 1],
          [unbound]: ["idle", idleThere, "idle", "idle", 1],
          [stopped]: ["stopped", "no view", "stopped", "stopped", 1],
        });
      },
    },
    {
      id: "dump.summary",
      claim: "'piwork dump-state' has a line for each machine and task, and leaves the whole document beside the logs",
      async run() {
        const { stdout, code } = await piwork([...dumped.sandbox.words, "dump-state"]);
        assert.equal(code, 0, stdout);
        for (const id of Object.values(tasks)) assert.match(stdout, new RegExp(`^${id} `, "m"));
        assert.match(stdout, /^no contradictions between the sides of \d machines? and 4 tasks$/m);
        assert.match(
          stdout,
          new RegExp(`^all of it: .*${join(dumped.sandbox.logs, "state.json").split("/").at(-2)}/state.json$`, "m"),
        );
      },
    },
    {
      id: "dump.leaves-paused",
      claim: "a machine that was paused is paused again after a dump, and its task knows nothing of it",
      async run() {
        const { active } = tasks;
        await dumped.rest(active);
        const { pid } = await dumped.machineOf(active);
        assertNamed(await dumped.dump("state.paused"), []);
        await dumped.rest(active);
        assert.equal((await dumped.machineOf(active)).pid, pid);
        assert.match(await dumped.talk.ask("recall", active), /the first turn of Active/);
      },
    },
    {
      id: "dump.while-busy",
      claim: "while tasks are made, prompted, switched, stopped and deleted, no dump names a contradiction",
      async run() {
        let isOver = false;
        let steps = 0;
        const does = async (work: () => Promise<unknown>) => {
          while (!isOver) {
            await work();
            steps++;
          }
        };
        const takeDumps = async () => {
          try {
            for (let dump = 1; dump <= DUMPS || steps < LEAST_STEPS; dump++) {
              const taken = await dumped.dump("state.busy");
              assertNamed(taken, []);
              takes.push(taken.takes);
            }
          } finally {
            isOver = true;
          }
        };
        const { client, talk } = dumped;
        const { active, bound, unbound } = tasks;
        const takes: number[] = [];
        const ends = await Promise.allSettled([
          does(async () => talk.prompt("run: echo busy > busy; sleep 0.1", bound)),
          does(async () => {
            for (const task of [unbound, active]) await client.call("task_switch", { task });
          }),
          does(async () => {
            const { id } = await client.call("task_create", { title: "Passing", folder: null });
            await talk.prompt("a word in passing", id);
            await client.call("task_stop", { task: id });
            await client.call("task_delete", { task: id });
          }),
          takeDumps(),
        ]);
        for (const end of ends) if (end.status === "rejected") throw end.reason;
        await client.call("task_switch", { task: active });
        return { dumps: takes.length, steps, takes };
      },
    },
  ];
}
