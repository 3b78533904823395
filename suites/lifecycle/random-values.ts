import assert from "node:assert/strict";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { BareMachine } from "../../harness/machines/bare-machine.ts";
import { Clones } from "../../harness/machines/clones.ts";
import { RawLink } from "../../harness/machines/raw-link.ts";
import { makeSandbox, RunningRuntime } from "../../harness/runtimes/piwork.ts";
import { saidText, Talk } from "../../harness/runtimes/talk.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import type { Template } from "../../runtime/machine/template.ts";
import type { RuntimeEvent } from "../../runtime/protocol/events.ts";

/** Values of each source. */
const COUNT = 1000;
/** Clones that draw until two of them have drawn the same. */
const MOST_UNTOLD = 8;
const DEADLINE_MS = 120_000;
const SOURCES = ["math", "uuid", "bytes", "urandom", "shell"] as const;
type Values = Record<(typeof SOURCES)[number], (string | number)[]>;

/** What two clones of one template draw, in the very agents that were saved in it. */
export function randomValues(logs: string): Check[] {
  return [
    {
      id: "clone.randomness",
      claim: `${COUNT} values of each source of chance, from the warmed agents of two clones, have none in common`,
      deadlineMs: 300_000,
      async run() {
        using sandbox = makeSandbox(logs);
        await using runtime = await RunningRuntime.start(sandbox, { words: ["--isolation", "vm", "--pool", "0"] });
        const talk = new Talk(() => runtime.client);
        const [one, two] = [await ask(runtime, talk, "one"), await ask(runtime, talk, "two")];
        for (const source of SOURCES) {
          assert.equal(new Set([...one[source], ...two[source]]).size, 2 * COUNT, `${source}: not all are different`);
        }
      },
    },
    {
      id: "clone.randomness-control",
      claim: "two clones that nobody tells that they are clones draw the same values, from each source",
      deadlineMs: 300_000,
      async run() {
        using sandbox = makeSandbox(logs);
        await using clones = await Clones.open(logs);
        const drawn: Values[] = [];
        // Chance comes in by itself where the kernel takes some just then; of a few clones, two draw the same.
        let left: readonly (typeof SOURCES)[number][] = SOURCES;
        while (left.length > 0 && drawn.length < MOST_UNTOLD) {
          const name = `untold-${drawn.length + 1}`;
          drawn.push(await drawUntold(clones.template, join(sandbox.directory, name), join(logs, `${name}.log`)));
          left = left.filter((source) => !drawn.slice(0, -1).some((other) => haveCommon(other, drawn.at(-1), source)));
        }
        assert.deepEqual(left, [], "nothing in common, so the check above could not fail");
        return { clones: drawn.length };
      },
    },
  ];
}

function haveCommon(one: Values, two: Values | undefined, source: keyof Values): boolean {
  const first = new Set(one[source]);
  return two?.[source].some((value) => first.has(value)) === true;
}

async function ask(runtime: RunningRuntime, talk: Talk, title: string): Promise<Values> {
  const { id } = await runtime.client.call("task_create", { title, folder: null });
  return JSON.parse(await talk.ask(`random: ${COUNT}`, id)) as Values;
}

/** The values of a clone whose host says nothing of the time, and gives it no randomness. */
async function drawUntold(template: Template, directory: string, log: string): Promise<Values> {
  await using machine = new BareMachine(directory, log, { template });
  const link = await RawLink.open(machine);
  try {
    await machine.goOn();
    const taskId = "untold";
    machine.makeTask(taskId);
    using given = await machine.files.give({ id: taskId, folder: null });
    const task = { taskId, title: taskId, folder: null, agent: "probe", ...NOTHING_CHOSEN, files: given.message };
    assert.equal(await link.attempt("create_or_open_task", task), "accepted");
    assert.equal(await link.attempt("prompt", { taskId, message: `random: ${COUNT}` }), "accepted");
    await waitFor("the end of the turn", DEADLINE_MS, () => link.events("agent_end").length > 0 || undefined);
    return JSON.parse(
      saidText(link.lines.filter(({ type }) => type === "event") as unknown as RuntimeEvent[]),
    ) as Values;
  } finally {
    link.close();
  }
}
