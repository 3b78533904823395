import { saidIn } from "../../api/answer.ts";
import type { Contradiction } from "../../api/contradiction.ts";
import type { MachineSides, StateSnapshot } from "../../api/dump.ts";
import type { Isolation } from "../../protocol/kinds.ts";
import { taskLayer } from "../../protocol/layers.ts";
import type { Result } from "../../protocol/rpc.ts";
import type { ExportedDirectory } from "../../workspace/files.ts";
import { filesPath } from "../../workspace/paths.ts";
import { type Find, name } from "./name.ts";

type Taskd = { state: Result<"runtime_get_state">; diag: Result<"runtime_diag"> };

/** As many mounts as taskd tells of; where there may be more, nothing is missing for sure. */
const MOST_MOUNTS = 256;

/** Between what was announced and what the kernels of machines and host say. */
export const walls: Find = (snapshot) => {
  const runtime = saidIn(snapshot.runtime);
  if (runtime === undefined) return [];
  const { confined, status } = runtime;
  return snapshot.machines.flatMap((machine) => {
    const taskd = saidIn(machine.taskd);
    return [
      ...(taskd === undefined ? [] : [...taskWalls(taskd, snapshot), ...mounts(machine.id, taskd, snapshot)]),
      ...(confined ? hostWalls(machine) : []),
      ...exported(machine, status.isolation, snapshot),
    ];
  });
};

/** An agent runs only behind walls that are whole, so each is announced. */
function taskWalls({ diag }: Taskd, snapshot: StateSnapshot): Contradiction[] {
  return diag.walls.flatMap(({ taskId, layers }) => {
    // Where no agent runs there are none; one that is left out among others was not seen to hold.
    const untold =
      layers.length === 0 ? [] : taskLayer.options.filter((one) => layers.every(({ layer }) => layer !== one));
    const gaps = [
      ...layers.filter(({ holds }) => !holds).map(({ layer, seen }) => `${layer} (${seen})`),
      ...untold.map((layer) => `${layer} (not told)`),
    ];
    if (gaps.length === 0 || isUnderway(taskId, snapshot)) return [];
    const says = `The task's agent runs, and of the walls around it are not whole: ${gaps.join(", ")}.`;
    return [
      name(
        "walls-missing",
        taskId,
        { taskd: `all ${taskLayer.options.length} layers`, "guest-kernel": gaps.join(", ") },
        says,
      ),
    ];
  });
}

function hostWalls({ id, runtime, underway, host }: MachineSides): Contradiction[] {
  const process = host.processes.find(({ pid }) => pid === runtime?.pid);
  const gaps = (process?.walls ?? []).filter(({ holds }) => !holds).map(({ wall, seen }) => `${wall} (${seen})`);
  if (gaps.length === 0 || underway) return [];
  const says = `QEMU, process ${process?.pid}, is meant to stand behind all its walls, and lacks: ${gaps.join(", ")}.`;
  return [name("walls-missing", id, { runtime: "all walls around QEMU", host: `not ${gaps.join(", ")}` }, says)];
}

/** The table of a machine names no tasks: in one that has several, it is said how many of them lack something. */
function mounts(machine: string, { state, diag }: Taskd, snapshot: StateSnapshot): Contradiction[] {
  const open = state.tasks.filter((task) => ["ready", "active", "idle"].includes(task.state));
  if (open.length === 0 || diag.mounts.length >= MOST_MOUNTS || open.some(({ taskId }) => isUnderway(taskId, snapshot)))
    return [];
  const tasks = open.map(({ taskId, folder }) => ({ id: taskId, folder }));
  const lacking = filesPath.expected.inMachine(tasks, diag.mounts).filter(({ count, found }) => found < count);
  if (lacking.length === 0) return [];
  const [only] = open.length === 1 ? open : [];
  const words = lacking.map(({ what, count, found }) => `${what} (${found} of ${count})`).join(", ");
  const announced = `${open.length} open ${open.length === 1 ? "task" : "tasks"} with their directories`;
  const says = `taskd has given ${announced}, and the table of mounts of ${machine} lacks ${words}.`;
  return [name("mount-missing", only?.taskId ?? machine, { taskd: announced, "guest-kernel": `lacks ${words}` }, says)];
}

/** What QEMU sees of the host: with a machine for each task its own directories, and otherwise those of all. */
function exported(machine: MachineSides, isolation: Isolation, snapshot: StateSnapshot): Contradiction[] {
  const { id, runtime, underway, host } = machine;
  const { workspace, tasks } = snapshot.host;
  const seen = host.processes.find(({ pid }) => pid === runtime?.pid)?.exports ?? null;
  if (runtime === null || underway || seen === null || workspace === null) return [];
  const owner = snapshot.tasks.find((task) => task.id === runtime.task)?.runtime ?? null;
  // One that comes up for the pool rehearses, on directories of nobody, until it is paused.
  const rehearses = isolation === "vm" && runtime.task === null && runtime.state !== "paused";
  if (owner?.underway === true || rehearses) return [];
  const places = { workspace, tasks };
  const own = seen.filter(({ at }) => !filesPath.expected.isEmptyRoot(isolation, at));
  const wanted = filesPath.expected.exported(isolation, places, owner?.record ?? null);
  const mayLack = isolation === "vm" && (owner === null || ["errored", "stopped"].includes(owner.record.state));
  const lacking = mayLack
    ? []
    : wanted.filter((one) => !own.some(({ at, from }) => at === one.at && from === one.from));
  const foreign = own.filter((one) => !wanted.some((parent) => lies(one, parent)));
  if (lacking.length + foreign.length === 0) return [];
  const list = (all: typeof own) => all.map(({ at, from }) => `${from} at ${at}`).join(", ") || "nothing";
  const says = `QEMU of ${id} should see ${list(wanted)}; ${lacking.length === 0 ? "" : `it lacks ${list(lacking)}; `}it sees ${list(own)}.`;
  return [name("export-differs", id, { runtime: list(wanted), host: list(own) }, says)];
}

/** Whether something is what was wanted, or what is mounted in that on the host too. */
function lies(one: ExportedDirectory, parent: ExportedDirectory): boolean {
  if (one.at !== parent.at && !one.at.startsWith(`${parent.at}/`)) return false;
  return one.from === `${parent.from}${one.at.slice(parent.at.length)}`;
}

function isUnderway(task: string, { tasks }: StateSnapshot): boolean {
  return tasks.find(({ id }) => id === task)?.runtime?.underway === true;
}
