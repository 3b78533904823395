import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Breakdown, Phases } from "../../harness/bench/figures.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { BareMachine } from "../../harness/machines/bare-machine.ts";
import type { Clones } from "../../harness/machines/clones.ts";
import { RawLink } from "../../harness/machines/raw-link.ts";
import { greeting } from "../../runtime/bridge/greeting.ts";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";

const DEADLINE_MS = 60_000;

/**
 * How many blocks of code a clone's QEMU translates for its first task, and for its second. Where the processor is emulated this is
 * most of what a clone costs; and it is counted, so whatever else the host does is not in it.
 */
export async function countBlocks(clones: Clones): Promise<Breakdown> {
  const { template, consoleLog, directory } = clones;
  await using machine = new BareMachine(join(directory, "counted"), consoleLog, { template });
  const link = await RawLink.open(machine);
  let before = 0;
  const step = async (name: string, work: () => Promise<unknown>): Promise<Phases[number]> => {
    await work();
    const after = await machine.translatedBlocks();
    const value = after - before;
    before = after;
    return { name, value };
  };
  const ask = async (type: string, payload: object) => {
    const answer = await link.ask(type, payload);
    if (answer["ok"] !== true) throw new Error(`${type} was refused: ${JSON.stringify(answer)}`);
  };
  const openTask = async (taskId: string) => {
    machine.makeTask(taskId);
    mkdirSync(join(machine.workspace, taskId));
    using given = await machine.files.give({ id: taskId, folder: taskId });
    await ask("create_or_open_task", {
      taskId,
      title: taskId,
      folder: taskId,
      agent: "probe",
      ...NOTHING_CHOSEN,
      files: given.message,
    });
  };
  const prompt = async (taskId: string) => {
    const ended = link.events("agent_end").length;
    await ask("prompt", { taskId, message: "hello" });
    await waitFor("the end of a prompt", DEADLINE_MS, () => link.events("agent_end").length > ended || undefined);
  };
  const wake = async () => {
    await machine.goOn();
    await ask("runtime_hello", greeting(null, template.manifest.lastSeq));
  };
  const first = [
    await step("its first answer", wake),
    await step("a task is opened", () => openTask("first")),
    await step("a prompt", () => prompt("first")),
  ];
  const second = [
    await step("another task is opened", () => openTask("second")),
    await step("a prompt", () => prompt("second")),
  ];
  return {
    kind: "breakdown",
    id: "clone.blocks",
    unit: "blocks",
    describe: "code that runs for the first time in a clone and has to be translated",
    bars: [
      { describe: "a clone, up to its first prompt", phases: first },
      { describe: "another task in the same clone", phases: second },
    ],
  };
}
