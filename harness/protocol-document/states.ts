import type * as z from "zod";
import { MACHINE_TRANSITIONS, machineState, TASK_TRANSITIONS, taskState } from "../../runtime/protocol/states.ts";
import { table } from "./markdown.ts";
import { valuesOf } from "./schemas.ts";

export function stateChapter(): string {
  return `
### Tasks
${stateTable(taskState, TASK_TRANSITIONS)}

All ways but those into \`stopped\` and \`errored\`, which the table has:

${diagram(TASK_TRANSITIONS, ["stopped", "errored"])}

### Machines
${stateTable(machineState, MACHINE_TRANSITIONS)}

${diagram(MACHINE_TRANSITIONS, [])}`;
}

function stateTable(states: z.ZodEnum, transitions: Readonly<Record<string, readonly string[]>>): string {
  const rows = valuesOf(states).map(([state, meaning]) => [
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
