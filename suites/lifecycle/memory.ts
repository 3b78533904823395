import assert from "node:assert/strict";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { beginWith, type CheckPart } from "../../harness/checks/part.ts";
import { makeSandbox, piwork, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, Talk } from "../../harness/runtimes/talk.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";

const MIB = 1024 ** 2;
/** What tasks of these runtimes may use, where they did not ask for more. */
const MEMORY = "256M";
const MORE = 2048 * MIB;
const WHY = /the task used up its 256 MiB of memory.*--memory/;
/** Time for a GiB and a half to be written where the processor is emulated, in milliseconds. */
const TAKE_MS = 120_000;

/** A command that takes so much memory and writes to all of it. */
const taking = (mib: number) => ["perl", "-e", `$x = "x"; $all = $x x ${mib * MIB}; print length $all`];

/** Memory of tasks: what was chosen holds, and who runs out of it is told in words. */
export function memory(logs: string): CheckPart {
  let sandbox: Sandbox;
  let runtime: RunningRuntime;
  const client = () => runtime.client;
  const talk = new Talk(client);
  const start = async (isolation: "vm" | "shared") => {
    runtime = await RunningRuntime.start(sandbox, { words: ["--memory", MEMORY, "--pool", "0"], isolation });
  };
  const idOf = async (title: string) =>
    (await client().call("task_list", {})).find((task) => task.title === title)?.id ?? assert.fail(`no task ${title}`);
  const bound = async (task: string) => {
    const { task: layers } = await client().call("task_boundary", { task });
    return layers.find(({ layer }) => layer === "memory");
  };
  const warnings = (events: readonly RuntimeEvent[]) =>
    events.flatMap((event) => (event.event === "runtime_warning" ? [event.payload.message] : []));

  const begin = async () => {
    sandbox = makeSandbox(join(logs, "memory"));
    await start("vm");
  };

  const checks: Check[] = [
    {
      id: "memory.command",
      claim:
        "a command that takes more memory than its task has is killed, its exit code stays 137, and 'piwork exec' says why",
      async run() {
        const { id } = await client().call("task_create", { title: "small", folder: null });
        const { code, stderr } = await piwork([...sandbox.words, "exec", "--task", id, "--", ...taking(400)]);
        assert.equal(code, 137);
        assert.match(stderr, WHY);
        const { code: next, outOfMemory } = await talk.exec(["true"], { task: id });
        assert.deepEqual([next, outOfMemory], [0, null]);
      },
    },
    {
      id: "memory.turn",
      standsOn: ["memory.command"],
      claim:
        "in a turn the agent reads why its command was killed, the turn has a note of it, and its task an event, before the turn ends",
      async run() {
        const id = await idOf("small");
        const [program = "", ...words] = taking(400);
        const command = [program, ...words.map((word) => `'${word}'`)].join(" ");
        const events = await talk.prompt(`run: ${command}`, id);
        assert.equal(events.at(-1)?.event, "agent_end");
        assert.equal(warnings(events).length, 1);
        assert.match(warnings(events).join(), WHY);
        const { turns } = await client().call("conversation", { task: id });
        const parts = turns.at(-1)?.parts ?? [];
        assert.match(parts.map((part) => (part.type === "step" ? part.output : "")).join(), WHY);
        assert.match(parts.map((part) => (part.type === "note" ? part.text : "")).join(), WHY);
      },
    },
    {
      id: "agent.out-of-memory",
      standsOn: ["memory.command"],
      claim: "an agent that takes too much memory itself is ended, the turn's error says why, and it comes back",
      async run() {
        const id = await idOf("small");
        const end = (await talk.prompt("exhaust-memory", id)).at(-1);
        assert.equal(end?.event, "task_error");
        assert.match(end.payload.error.message, WHY);
        assert.match(await talk.ask("still there", id), /still there/);
      },
    },
    {
      id: "memory.more",
      claim: "a task that was given 2 GiB takes one and a half; the kernel bounds it at what was given",
      deadlineMs: 300_000,
      async run() {
        const made = await piwork([...sandbox.words, "task", "create", "large", "--memory", "2G", "--json"]);
        assert.equal(made.code, 0, made.stderr);
        const { id, memoryBytes } = JSON.parse(made.stdout) as { id: string; memoryBytes: number };
        assert.equal(memoryBytes, MORE);
        const { stdout, code } = await talk.exec(taking(1536), { task: id, timeoutMs: TAKE_MS });
        assert.deepEqual([code, stdout.toString()], [0, `${1536 * MIB}`]);
        assert.deepEqual(await bound(id), { layer: "memory", holds: true, seen: `memory.max ${MORE}` });
        const { machines } = await client().call("status", {});
        const machineMb = machines.find(({ task }) => task === id)?.memoryMb ?? 0;
        assert.equal(machineMb > 2048 && machineMb < 2048 + 512, true, `its machine has ${machineMb} MiB`);
        return { machineMb };
      },
    },
    {
      id: "memory.kept",
      standsOn: ["memory.more"],
      claim:
        "its memory is the same after it was stopped, and in another runtime; 'piwork task show' and status say it",
      async run() {
        const id = await idOf("large");
        await client().call("task_stop", { task: id });
        await client().call("task_switch", { task: id });
        assert.equal((await bound(id))?.seen, `memory.max ${MORE}`);
        await runtime[Symbol.asyncDispose]();
        await start("vm");
        await client().call("task_switch", { task: id });
        assert.equal((await bound(id))?.seen, `memory.max ${MORE}`);
        assert.match((await piwork([...sandbox.words, "task", "show", id])).stdout, /memory +2 GiB/);
        assert.match((await piwork([...sandbox.words, "status"])).stdout, /256 MiB for each new task/);
      },
    },
    {
      id: "memory.refused",
      claim:
        "a memory that is too small, that no task may have, or that this host does not have is refused with figures",
      async run() {
        const create = (size: string) => piwork([...sandbox.words, "task", "create", "refused", "--memory", size]);
        for (const size of ["100M", "33G"]) {
          const { code, stderr } = await create(size);
          assert.equal(code, 2, size);
          assert.match(stderr, /between 256 MiB and 32 GiB/);
        }
        if (totalmem() < LIMITS.mostTaskMemoryBytes) {
          const { code, stderr } = await create("32G");
          assert.equal(code, 1);
          assert.match(stderr, /32 GiB of memory.*this host has \d+ MiB in all.*--memory/);
        }
        const titles = (await client().call("task_list", {})).map(({ title }) => title);
        assert.equal(titles.includes("refused"), false);
      },
    },
    {
      id: "memory.shared",
      claim:
        "in a machine that tasks share, one that runs out of memory takes none from another; more than the machine was started for is refused",
      deadlineMs: 600_000,
      async run() {
        await runtime[Symbol.asyncDispose]();
        await start("shared");
        const { id: hog } = await client().call("task_create", { title: "hog", folder: null });
        const { id: other } = await client().call("task_create", { title: "neighbour", folder: null });
        const holds = `$x = "x"; $all = $x x 100e6; open G, ">", "/tmp/held"; open F, "<", "/tmp/go"; print <F>, length $all`;
        const neighbour = talk.exec(["sh", "-c", `mkfifo /tmp/go; perl -e '${holds}'`], { task: other });
        const holding = ["sh", "-c", "until [ -e /tmp/held ]; do sleep 0.1; done"];
        await talk.exec(holding, { task: other, timeoutMs: TAKE_MS });
        const { code, outOfMemory } = await talk.exec(taking(400), { task: hog });
        assert.equal(code, 137);
        assert.match(outOfMemory ?? "", WHY);
        // Processes for all the machine's memory: without the hog's bound, the kernel would end the largest one, the neighbour's.
        const { machines } = await client().call("status", {});
        const count = Math.ceil((machines[0]?.memoryMb ?? assert.fail("no machine")) / 30);
        const part = `$x = "x"; $all = $x x 30e6; sleep 300; exit`;
        const fills = `for (1..${count}) { fork or do { ${part} } } wait`; // until the first of them is ended
        const filled = await talk.exec(["perl", "-e", fills], { task: hog, timeoutMs: 2 * TAKE_MS });
        assert.match(filled.outOfMemory ?? "", WHY);
        await talk.exec(["sh", "-c", "until [ -p /tmp/go ]; do sleep 0.1; done; echo went on >/tmp/go"], {
          task: other,
        });
        const end = await neighbour;
        assert.deepEqual([end.code, end.outOfMemory], [0, null]);
        assert.match(end.stdout.toString(), /went on\s*100000000/);
        const more = () => client().call("task_create", { title: "more", folder: null, memoryBytes: 512 * MIB });
        assert.equal(await attempt(more), "LIMIT_EXCEEDED");
      },
    },
  ];
  return {
    checks: beginWith(begin, checks),
    async close() {
      await runtime?.[Symbol.asyncDispose]();
      sandbox?.[Symbol.dispose]();
    },
  };
}
