import { saidIn } from "../../api/answer.ts";
import type { Contradiction } from "../../api/contradiction.ts";
import type { StateSnapshot, TaskSides } from "../../api/dump.ts";
import type { Isolation } from "../../protocol/kinds.ts";
import type { TaskView } from "../../protocol/rpc.ts";
import { isOpen, type TaskState } from "../../protocol/states.ts";
import { type Find, name } from "./name.ts";

/** A task as a machine's taskd has it, beside the runtime. */
interface Pair {
  id: string;
  /** undefined where the runtime has no such task */
  record: NonNullable<TaskSides["runtime"]>["record"] | undefined;
  view: TaskView;
}

/** Between the runtime and the taskd of each machine. */
export const tasks: Find = (snapshot) => {
  const isolation = saidIn(snapshot.runtime)?.status.isolation;
  if (isolation === undefined) return [];
  return [
    ...snapshot.tasks.flatMap(unknownToTaskd),
    ...pairs(snapshot).flatMap((pair) => [
      ...stateDiffers(pair, isolation),
      ...unknownToRuntime(pair),
      ...processWithoutTask(pair),
      ...turnDiffers(pair),
      ...folderDiffers(pair),
      ...agentMissing(pair, snapshot),
    ]),
  ];
};

/** The tasks that both have an answer for, and that the runtime is not at work on. */
function pairs({ tasks }: StateSnapshot): Pair[] {
  return tasks.flatMap(({ id, runtime, taskd }) => {
    const view = saidIn(taskd);
    if (view === undefined || view === null || runtime?.underway === true) return [];
    return [{ id, record: runtime?.record, view }];
  });
}

function unknownToTaskd({ id, runtime, machine, taskd }: TaskSides): Contradiction[] {
  if (runtime === null || runtime.underway || !isSettledOpen(runtime.record.state) || saidIn(taskd) !== null) return [];
  const { state } = runtime.record;
  const says = `The runtime calls the task ${state}; the taskd of ${machine} has no such task.`;
  return [name("task-unknown-to-taskd", id, { runtime: state, taskd: "no such task" }, says)];
}

function stateDiffers({ id, record, view }: Pair, isolation: Isolation): Contradiction[] {
  if (record === undefined || record.state === "stopped") return []; // that it is there at all is named
  const isSame = isOpen(record.state) ? isSameOpen(record.state, view.state, isolation) : !isSettledOpen(view.state);
  if (isSame) return [];
  const says = `The runtime calls the task ${record.state}, its taskd ${view.state}.`;
  return [name("task-state-differs", id, { runtime: record.state, taskd: view.state }, says)];
}

function isSameOpen(runtime: TaskState, taskd: TaskState, isolation: Isolation): boolean {
  // Nobody tells a machine that the task of another one became the active one.
  return runtime === taskd || (isolation === "vm" && runtime === "idle" && taskd === "active");
}

/** Open, and not on its way there: an opening is compared when it is over. */
function isSettledOpen(state: TaskState): boolean {
  return isOpen(state) && state !== "creating";
}

function unknownToRuntime({ id, record, view }: Pair): Contradiction[] {
  if (record !== undefined && record.state !== "stopped") return [];
  const belief = record === undefined ? "no such task" : "stopped";
  const says = `A taskd has the task, and calls it ${view.state}; for the runtime it is ${record === undefined ? "no task" : "stopped"}.`;
  return [name("task-unknown-to-runtime", id, { runtime: belief, taskd: view.state }, says)];
}

function processWithoutTask({ id, record, view }: Pair): Contradiction[] {
  if (record !== undefined && isOpen(record.state)) return [];
  // Commands outlive the agent of a task: only a stop ends them.
  const commands = record?.state === "errored" ? 0 : view.execIds.length;
  if (view.agentPid === null && commands === 0) return [];
  const runs = [
    ...(view.agentPid === null ? [] : [`the agent as process ${view.agentPid}`]),
    ...(commands === 0 ? [] : [`${commands} commands`]),
  ].join(" and ");
  const belief = record?.state ?? "no such task";
  const says = `In a machine runs ${runs} of a task which the runtime does not have open (${belief}).`;
  return [name("process-without-task", id, { runtime: belief, taskd: runs }, says)];
}

function turnDiffers({ id, record, view }: Pair): Contradiction[] {
  const [runtime, taskd] = [record?.turn?.id ?? null, view.promptId];
  if (record === undefined || runtime === taskd) return [];
  const words = (turn: string | null) => (turn === null ? "no prompt in flight" : `prompt ${turn} in flight`);
  const says = `The runtime has ${words(runtime)}, taskd ${words(taskd)}.`;
  return [name("turn-differs", id, { runtime: words(runtime), taskd: words(taskd) }, says)];
}

function folderDiffers({ id, record, view }: Pair): Contradiction[] {
  if (record === undefined || record.folder === view.folder) return [];
  const words = (folder: string | null) => (folder === null ? "no folder" : `'${folder}'`);
  const says = `For the runtime the task has ${words(record.folder)}, for taskd ${words(view.folder)}.`;
  return [name("folder-differs", id, { runtime: words(record.folder), taskd: words(view.folder) }, says)];
}

/** taskd says which process the agent is; whether there is one, the machine's kernel says when it is asked for the walls around it. */
function agentMissing({ id, view }: Pair, { machines, tasks }: StateSnapshot): Contradiction[] {
  if (!isSettledOpen(view.state)) return [];
  const machine = tasks.find((task) => task.id === id)?.machine;
  const taskd = saidIn(machines.find((one) => one.id === machine)?.taskd ?? { silent: "" });
  const isSeen = (taskd?.diag.walls.find(({ taskId }) => taskId === id)?.layers.length ?? 0) > 0;
  if (view.agentPid !== null && isSeen) return [];
  const agent = view.agentPid === null ? "no agent" : `an agent, process ${view.agentPid}`;
  const kernel = isSeen ? "a process with walls" : "no such process";
  const says = `taskd calls the task ${view.state}, with ${agent}; the machine's kernel knows ${kernel}.`;
  return [name("agent-missing", id, { taskd: `${view.state}, ${agent}`, "guest-kernel": kernel }, says)];
}
