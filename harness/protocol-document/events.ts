import { type EventName, runtimeEvent } from "../../runtime/protocol/events.ts";
import { remarks } from "./comments.ts";
import { fieldRows } from "./field-table.ts";
import { table } from "./markdown.ts";

const EVENTS: Record<EventName, string> = {
  task_bootstrap_state: "A task is being opened, and this step of it begins.",
  task_switch_started: "A `switch_task` was answered and is being done.",
  task_ready: "A `switch_task` has succeeded.",
  task_error: "A switch or a prompt has failed, or an agent died while nothing was asked of it.",
  task_stopped: "A task has ended in this machine, with every process of it.",
  agent_output: "One line that the agent wrote, during a prompt or (`requestId` null) outside of one.",
  agent_end: "A prompt has come to its end.",
  exec_output: "A piece of a command's output.",
  extension_ui_request: "The agent asks something and waits for `extension_ui_response`.",
  network_request: "A request of a task to its network is over. The host says so: no machine can.",
  runtime_warning: "Something that a person should read; a program has nothing to do about it.",
};

export function eventChapter(): string {
  const rows = runtimeEvent.options.flatMap(({ shape }) => {
    const name = shape.event.value;
    const entries = fieldRows(shape.payload, remarks("events", "eventPayloads", name));
    const first = entries[0] ?? ["", "nothing"];
    return [first, ...entries.slice(1)].map((entry, index) => [
      index === 0 ? `\`${name}\`` : "",
      index === 0 ? EVENTS[name] : "",
      entry[0] ?? "",
      [entry[1], entry[2]].filter(Boolean).join("; "),
    ]);
  });
  return `${table(["event", "when", "payload", "type"], rows)}

\`saved\` of \`agent_end\`: see [order](#order). \`message\` of \`agent_output\` is a line of pi's RPC, or
\`{ "type": "unparsed", "text": … }\` for a line that is no JSON object.`;
}
