import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "../../harness/checks/checks.ts";
import { heartbeat } from "../../harness/host/processes.ts";
import { waitFor, waitForEnd } from "../../harness/host/wait-for.ts";
import { ISOLATION, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk, toolOutput } from "../../harness/runtimes/talk.ts";

/** How long a machine is left alone before its clock is read, in milliseconds. */
const ALONE_MS = 60_000;
/** Time in which a machine that has nothing to do is paused, in milliseconds. */
const SETTLE_MS = 30_000;
/** Ticks of a processor, a hundredth of a second each, that QEMU may still use in two seconds of a pause. */
const PAUSED_TICKS = 4;

/** Machines with nothing to do are paused, which nobody notices; and where each task has one, the end of one is its own. */
export function rest(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const client = () => runtime().client;
  const talk = new Talk(client);
  const folder = join(sandbox.workspace, "rest");
  let task = "";

  const machineOf = async (id: string) => {
    const { machines } = await client().call("status", {});
    return machines.find((machine) => machine.task === id || machine.task === null) ?? assert.fail("no machine");
  };
  const paused = (id: string) =>
    waitFor("the pause of the machine", SETTLE_MS, async () => {
      const machine = await machineOf(id);
      return machine.state === "paused" ? machine : undefined;
    });
  const arrives = (name: string) =>
    waitFor(`the file ${name}`, 30_000, () => existsSync(join(folder, name)) || undefined);

  const shared: Check[] = [
    {
      id: "rest.paused",
      claim: "a machine in which nothing is under way is paused, and its QEMU then uses no processor",
      async run() {
        mkdirSync(folder);
        task = (await client().call("task_create", { title: "Rest", folder: "rest" })).id;
        await talk.prompt("before the pause", task);
        const { pid } = await paused(task);
        const before = processorTicks(pid as number);
        await delay(2_000);
        const used = processorTicks(pid as number) - before;
        assert.equal(used <= PAUSED_TICKS, true, `${used} ticks in two seconds`);
        return { used };
      },
    },
    {
      id: "rest.clock",
      standsOn: ["rest.paused"],
      claim: `after ${ALONE_MS / 1000} s alone a machine is still paused, wakes when it is asked something, and knows what time it is to a second`,
      async run() {
        await delay(ALONE_MS);
        assert.equal((await machineOf(task)).state, "paused");
        const before = Date.now();
        const { stdout } = await talk.exec(["date", "+%s.%N"], { task });
        const after = Date.now();
        const said = Number(stdout.toString()) * 1000;
        assert.equal(said > before - 1_000 && said < after + 1_000, true, `${before} ${said} ${after}`);
        assert.match(await talk.ask("recall", task), /before the pause/);
        return { behindMs: after - said, tookMs: after - before };
      },
    },
    {
      id: "rest.background-of-prompt",
      standsOn: ["rest.paused"],
      claim: "what a turn left running in the background comes to its end, though nothing else is under way",
      async run() {
        await talk.prompt("run: (sleep 5; touch from-prompt) >/dev/null 2>&1 &", task);
        await arrives("from-prompt");
        await paused(task);
      },
    },
    {
      id: "rest.background-of-command",
      standsOn: ["rest.paused"],
      claim: "a command whose caller waits for what it started in the background gets it, though it says nothing",
      async run() {
        await talk.exec(["sh", "-c", "(sleep 5; touch from-command) & wait"], { task });
        await arrives("from-command");
        await paused(task);
      },
    },
    {
      id: "rest.wakes-often",
      standsOn: ["rest.paused"],
      claim: "whatever is asked of a machine that is being paused, or just was, is answered",
      async run() {
        for (let pause = 0; pause < 1_500; pause += 75) {
          await delay(pause);
          assert.equal(await talk.ask(`after ${pause}`, task), `after ${pause}`);
        }
      },
    },
  ];
  const own: Check = {
    id: "own-machine.crash",
    standsOn: ["rest.paused"],
    claim: "kill -9 of a task's QEMU leaves another task's machine and the prompt that runs in it, and each goes on",
    async run() {
      mkdirSync(join(sandbox.workspace, "other"));
      const other = (await client().call("task_create", { title: "Other", folder: "other" })).id;
      await talk.prompt("of the other", other);
      const [crashed, left] = await Promise.all([task, other].map((id) => runtime().qemuPid(id)));
      assert.notEqual(crashed, left);
      const beat = heartbeat(join(sandbox.workspace, "other/beat"));
      const script = "for i in $(seq 80); do printf x >> beat; sleep 0.1; done; echo all";
      const running = talk.prompt(`run: ${script}`, other);
      await beat.beats();
      process.kill(crashed as number, "SIGKILL");
      await waitForEnd(crashed as number, "QEMU");
      await waitFor(
        "the state 'errored'",
        10_000,
        async () => (await client().call("task_show", { task })).state === "errored" || undefined,
      );
      await beat.beats();
      assert.equal(toolOutput(await running), "all\n");
      assert.equal(await runtime().qemuPid(other), left);
      assert.match(await talk.ask("recall", task), /before the pause/);
      assert.match(await talk.ask("recall", other), /^"of the other"\n"run: /);
    },
  };
  return ISOLATION === "vm" ? [...shared, own] : shared;
}

/** Processor time that a process has used so far. */
function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
