import { type Answer, saidIn } from "../api/answer.ts";
import type { MachineSides, StateDump, TaskSides } from "../api/dump.ts";
import { STANDING } from "../dump/take.ts";
import { describeRule } from "../network/policy.ts";
import { plain } from "./attach.ts";
import { table } from "./table.ts";

/** A dump on one screen: each machine and each task with a column for each side, then what contradicts what. */
export function describeDump(dump: StateDump): string {
  const parts = [describeMachines(dump), describeTasks(dump), describeNetworks(dump), describeSilence(dump)];
  return [describeRuntime(dump), ...parts, describeEnd(dump)].filter((part) => part !== "").join("\n\n");
}

function describeRuntime({ takenAt, state, runtime }: StateDump): string {
  const status = saidIn(runtime)?.status;
  const facts = [
    ["taken", takenAt],
    ["state", state],
    ...(status === undefined
      ? [["runtime", `silent: ${"silent" in runtime ? runtime.silent : ""}`]]
      : [
          ["runtime", `piwork ${status.version}, process ${status.pid}, since ${status.startedAt}`],
          ["isolation", status.isolation],
          ...(status.starting === null ? [] : [["starting", status.starting]]),
        ]),
  ];
  return plain(table(facts));
}

function describeMachines({ machines }: StateDump): string {
  if (machines.length === 0) return "no machines";
  const rows = machines.map((machine) => [
    machine.id,
    machine.runtime === null ? "not there" : `${machine.runtime.state}${ofTask(machine)}`,
    word(machine.qemu, ({ status }) => status),
    word(machine.taskd, ({ state, diag }) => `${count(state.tasks.length, "task")}, ${describeWalls(diag.walls)}`),
    describeProcesses(machine),
  ]);
  return plain(table([["machine", "runtime", "QEMU", "taskd", "host"], ...rows]));
}

function ofTask({ runtime }: MachineSides): string {
  return runtime?.task == null ? "" : `, of ${runtime.task}`;
}

function describeWalls(walls: readonly { layers: readonly { holds: boolean }[] }[]): string {
  const layers = walls.flatMap((task) => task.layers);
  const missing = layers.filter(({ holds }) => !holds).length;
  return missing === 0 ? `${layers.length} layers hold` : `${missing} OF ${layers.length} LAYERS DO NOT HOLD`;
}

function describeProcesses({ host }: MachineSides): string {
  const processes = host.processes.map(({ pid, state }) => `process ${pid} (${state})`).join(", ") || "no process";
  return host.sockets === null ? `${processes}, no sockets` : processes;
}

function describeTasks({ tasks }: StateDump): string {
  if (tasks.length === 0) return "no tasks";
  const rows = tasks.map((task) => [
    task.id,
    describeBelief(task),
    word(task.taskd, (view) => (view === null ? "no such task" : `${view.state}, ${count(view.turns, "turn")}`)),
    word(task.panel, (record) => record?.state ?? "no such task"),
    describeSession(task),
    task.runtime?.record.folder ?? "-",
  ]);
  return plain(table([["task", "runtime", "taskd", "panel", "session kept", "folder"], ...rows]));
}

/** Of tasks that may reach something, or asked for something. */
function describeNetworks({ tasks }: StateDump): string {
  const rows = tasks.flatMap(({ id, network }) => {
    const said = saidIn(network);
    if (said === undefined || said.policy.allow.length + said.requests.length === 0) return [];
    const refused = said.requests.filter(({ verdict }) => verdict === "refused").length;
    const rules = said.policy.allow.map(describeRule).join("; ") || "nothing but providers";
    return [[id, `${said.requests.length} kept, ${refused} of them refused`, rules]];
  });
  return rows.length === 0 ? "" : plain(table([["task", "requests", "may reach"], ...rows]));
}

function describeBelief({ runtime }: TaskSides): string {
  if (runtime === null) return "no such task";
  const { record, underway, lastChange } = runtime;
  const isParked = record.state === "stopped" && lastChange?.why.startsWith("parked") === true;
  return [
    isParked ? "parked" : record.state,
    ...(record.turn === null ? [] : ["busy"]),
    ...(underway ? ["being worked on"] : []),
  ].join(", ");
}

function describeSession({ host: { session } }: TaskSides): string {
  return session.is === "saved" ? count(session.head.turns, "turn") : session.is;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** A cell for what a side said; why it said nothing stands below. */
function word<T>(answer: Answer<T>, describe: (said: T) => string): string {
  return "silent" in answer ? "-" : describe(answer.said);
}

/** Who said nothing, with the reason, where that is not told by the table. */
function describeSilence({ machines, panel }: StateDump): string {
  const silent = [
    ...machines.flatMap(({ id, taskd }) => ("silent" in taskd ? [[`taskd of ${id}`, taskd.silent]] : [])),
    ...("silent" in panel ? [["panel", panel.silent]] : []),
  ];
  return plain(table(silent.map(([who = "", why = ""]) => ["silent:", who, why])));
}

function describeEnd({ contradictions, unsettled, machines, tasks, runtime }: StateDump): string {
  if ("silent" in runtime) return "the runtime is silent, so that nothing could be compared with it";
  const moving = `${unsettled} that differed to the end, in other words each time, and ${unsettled === 1 ? "is" : "are"} not named`;
  if (contradictions.length === 0 && unsettled > 0) return `no contradictions that stood, and ${moving}`;
  if (contradictions.length === 0)
    return `no contradictions between the sides of ${count(machines.length, "machine")} and ${count(tasks.length, "task")}`;
  const rows = contradictions.map(({ kind, subject, says }) => [kind, subject, says]);
  return plain(
    `${count(contradictions.length, "contradiction")}, each of which stood ${STANDING} times one after the other (docs/evidence.md has the kinds):\n${table(rows)}${unsettled > 0 ? `\nand ${moving}` : ""}`,
  );
}
