import {
  MACHINE_TRANSITIONS,
  type MachineState,
  TASK_TRANSITIONS,
  type TaskState,
} from "../../runtime/protocol/states.ts";
import { table } from "./markdown.ts";

const TASK_STATES: Record<TaskState, string> = {
  missing: "not known here; an answer only, never stored",
  creating: "its folder is being mounted and its agent started",
  ready: "its agent answers; it was not switched to yet",
  active: "the one that is meant where a call names none",
  idle: "another one became active; it goes on working",
  stopped: "nothing of it runs",
  errored: "its opening failed, or its agent died",
};

const MACHINE_STATES: Record<MachineState, string> = {
  booting: "QEMU was started, taskd has not greeted yet",
  running: "taskd has greeted and proved its shares",
  paused: "nothing is in flight, and its processor stands still; whatever is said to it wakes it",
  unresponsive: "it has not answered for a while",
  stopping: "it was asked to end",
  ended: "QEMU is gone",
};

export function stateChapter(): string {
  return `
### Tasks
${stateTable(TASK_STATES, TASK_TRANSITIONS)}

All ways but those into \`stopped\` and \`errored\`, which the table has:

${diagram(TASK_TRANSITIONS, ["stopped", "errored"])}

### Machines
${stateTable(MACHINE_STATES, MACHINE_TRANSITIONS)}

${diagram(MACHINE_TRANSITIONS, [])}`;
}

function stateTable(words: Record<string, string>, transitions: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(words).map(([state, meaning]) => [
    `\`${state}\``,
    meaning,
    transitions[state]?.map((next) => `\`${next}\``).join(", ") || "nothing",
  ]);
  return table(["state", "meaning", "may become"], rows);
}

function diagram(transitions: Readonly<Record<string, readonly string[]>>, withoutWaysInto: string[]): string {
  const edges = Object.entries(transitions).flatMap(([from, next]) =>
    next.filter((to) => !withoutWaysInto.includes(to)).map((to) => `    ${from} --> ${to}`),
  );
  return ["```mermaid", "stateDiagram-v2", "    direction LR", ...edges, "```"].join("\n");
}
