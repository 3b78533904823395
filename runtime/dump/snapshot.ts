import { isDeepStrictEqual } from "node:util";
import { type Answer, hear, saidIn } from "../api/answer.ts";
import type { CallOutput } from "../api/calls.ts";
import type { MachineSides, StateSnapshot, TaskSides } from "../api/dump.ts";
import type { MachineAnswer } from "../api/machine-answers.ts";
import type { TaskRecord } from "../api/record.ts";
import type { StatusView } from "../api/status.ts";
import type { Transition } from "../protocol/states.ts";
import { type HostFacts, NOTHING_KEPT } from "./host.ts";
import type { Sides } from "./sides.ts";

const UP: ReadonlySet<string> = new Set(["running", "paused", "unresponsive"]);

/** What was heard, before it stands side by side. */
interface Heard {
  /** the runtime, before and after all others were asked */
  before: Answer<StatusView>;
  after: Answer<StatusView>;
  answers: Answer<CallOutput<"machine_answers">>;
  panel: Answer<StatusView>;
  host: HostFacts;
}

/** Asks every side once. None of them keeps the others from being asked, and none is waited for without a limit. */
export async function takeSnapshot(state: string, sides: Sides, patienceMs: number): Promise<StateSnapshot> {
  const before = await hear(() => sides.status());
  const host = await sides.host(saidIn(before)?.workspace ?? null);
  const silent = { silent: "the runtime is silent, and only it can ask" };
  const [answers, panel]: [Heard["answers"], Heard["panel"]] =
    "silent" in before
      ? [silent, silent]
      : await Promise.all([hear(() => sides.machineAnswers(patienceMs)), hear(() => sides.panel().then(orHeadless))]);
  const after = "silent" in before ? before : await hear(() => sides.status());
  return sideBySide(state, { before, after, answers, panel, host });
}

function orHeadless(status: StatusView | null): StatusView {
  if (status === null) throw new Error("there is no panel: the runtime was started --headless");
  return status;
}

/** Sets what was heard side by side, for each machine and each task that any side knows. */
function sideBySide(state: string, heard: Heard): StateSnapshot {
  const { host, panel, after, answers } = heard;
  const said = saidIn(answers);
  const status = saidIn(after);
  return {
    takenAt: new Date().toISOString(),
    state,
    runtime:
      status === undefined
        ? { silent: "silent" in after ? after.silent : "" }
        : { said: { status, confined: said?.confined ?? true, history: said?.history ?? [] } },
    panel: "silent" in panel ? panel : { said: pick(panel.said) },
    host: { workspace: host.workspace, tasks: host.tasksDirectory, activeTask: host.activeTask },
    machines: machineIds(heard).map((id) => machineSides(id, heard)),
    tasks: taskIds(heard).map((id) => taskSides(id, heard)),
  };
}

function pick({ pid, activeTask, tasks }: StatusView): Pick<StatusView, "pid" | "activeTask" | "tasks"> {
  return { pid, activeTask, tasks };
}

function machineIds({ before, after, host }: Heard): string[] {
  const known = [before, after].flatMap((status) => saidIn(status)?.machines ?? []);
  return [...new Set([...known.map(({ id }) => id), ...host.machines.keys()])].sort(byNumber);
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function machineSides(id: string, heard: Heard): MachineSides {
  const [before, after] = [heard.before, heard.after].map((status) =>
    saidIn(status)?.machines.find((machine) => machine.id === id),
  );
  const answer = answerOf(heard, id);
  const silent = {
    silent:
      "silent" in heard.answers
        ? heard.answers.silent
        : before === undefined
          ? "the runtime had no such machine when it was asked"
          : "the machine had ended when it was asked",
  };
  const isSettled =
    before !== undefined && after !== undefined && before.task === after.task && before.pid === after.pid;
  return {
    id,
    runtime: after === undefined ? null : { ...after, state: answer?.state ?? after.state },
    underway:
      (before ?? after) !== undefined &&
      !(isSettled && [before, after, answer].every((one) => one === undefined || UP.has(one.state))),
    qemu: answer?.qemu ?? silent,
    taskd: answer?.taskd ?? silent,
    host: heard.host.machines.get(id) ?? { processes: [], sockets: null },
  };
}

function answerOf({ answers }: Heard, machine: string): MachineAnswer | undefined {
  return saidIn(answers)?.machines.find((answer) => answer.machine === machine);
}

function taskIds({ before, after, answers, panel, host }: Heard): string[] {
  const listed = [before, after, panel].flatMap((status) => saidIn(status)?.tasks ?? []);
  const open = (saidIn(answers)?.machines ?? []).flatMap(({ taskd }) => saidIn(taskd)?.state.tasks ?? []);
  return [...new Set([...listed.map(({ id }) => id), ...open.map(({ taskId }) => taskId), ...host.tasks.keys()])];
}

function taskSides(id: string, heard: Heard): TaskSides {
  const { panel, host } = heard;
  const machine = machineOf(id, heard);
  const answer = machine === null ? undefined : answerOf(heard, machine);
  return {
    id,
    runtime: believed(id, heard, answer),
    machine,
    taskd: taskdOf(id, machine, answer),
    panel: "silent" in panel ? panel : { said: panel.said.tasks.find((task) => task.id === id) ?? null },
    host: host.tasks.get(id) ?? NOTHING_KEPT,
    planted: { silent: "not looked at" },
    network: { silent: "not looked at" },
  };
}

/** The machine of a task: the one that the runtime has for it, and otherwise one whose taskd has it. */
function machineOf(id: string, { before, answers }: Heard): string | null {
  const status = saidIn(before);
  const own = status?.machines.find(({ task }) => task === id || (task === null && status.isolation === "shared"));
  const has = ({ taskd }: MachineAnswer) => saidIn(taskd)?.state.tasks.some(({ taskId }) => taskId === id) === true;
  return own?.id ?? saidIn(answers)?.machines.find(has)?.machine ?? null;
}

function taskdOf(id: string, machine: string | null, answer: MachineAnswer | undefined): TaskSides["taskd"] {
  if (machine === null) return { silent: "it is in no machine" };
  if (answer === undefined) return { silent: `${machine} was not asked, or had ended` };
  if ("silent" in answer.taskd) return answer.taskd;
  return { said: answer.taskd.said.state.tasks.find(({ taskId }) => taskId === id) ?? null };
}

/** What the runtime believes: in the moment of taskd's answer, where there is one. */
function believed(id: string, heard: Heard, answer: MachineAnswer | undefined): TaskSides["runtime"] {
  const find = (records: readonly TaskRecord[] | undefined) => records?.find((record) => record.id === id);
  const [before, after] = [heard.before, heard.after].map((status) => find(saidIn(status)?.tasks));
  const then = find(answer?.records);
  const record = then ?? after;
  if (record === undefined) return null;
  const underway = (saidIn(heard.answers)?.machines ?? []).some((one) => one.underway.includes(id));
  const moved = !isDeepStrictEqual(before, after) || (then !== undefined && !isDeepStrictEqual(then, after));
  const activeMoved =
    saidIn(heard.before)?.activeTask !== saidIn(heard.after)?.activeTask &&
    [heard.before, heard.after].some((status) => saidIn(status)?.activeTask === id);
  const history: readonly Transition[] = saidIn(heard.answers)?.history ?? [];
  return {
    record,
    underway: underway || moved || activeMoved,
    lastChange: history.findLast(({ of }) => of === id) ?? null,
  };
}
