import type * as z from "zod";
import { type Command, commands } from "../../runtime/protocol/rpc.ts";
import { remarks } from "./comments.ts";
import { fields } from "./field-table.ts";
import { nameOf } from "./named-types.ts";

const COMMANDS: Record<Command, string> = {
  runtime_hello:
    "Greets on a new link: agrees on the protocol, mounts and proves the shares, and asks for the events that were missed.",
  runtime_warm:
    "Starts agents ahead of their tasks, in slots of their own behind all walls, until so many wait. The next tasks with this agent get them.",
  runtime_unmount:
    "Takes the shares away, so that the machine can be saved. Refused with `TASK_BUSY` while a task is open.",
  runtime_settle:
    "Has everything that was written reach the host, and says how many processes there are beside idle agents. With none, a machine can be paused.",
  create_or_open_task:
    "Makes a task known to this taskd, mounts its folder and starts its agent. For a task that is open it only binds a folder, where the task has none and nothing runs in it (`TASK_BUSY`); another folder than the one it has is a `WORKSPACE_POLICY_VIOLATION`, another agent an `INVALID_REQUEST`.",
  switch_task: "Makes a task the active one, and starts its agent again where it has died.",
  prompt: "Gives the agent a prompt. The answer says that it was taken; what comes of it arrives as events.",
  steer:
    "Says something to an agent that works, before it goes on or after it would have ended. Without a prompt in flight: `TASK_NOT_READY`.",
  abort:
    "Ends the prompt in flight, or with `request` that `system_bash`. `aborted` is false where there was none. The prompt still ends with its event; an agent that does not end its turn is ended itself.",
  stop_task: "Ends the agent and every command of a task and forgets the task. Its files stay.",
  system_bash:
    "Runs a command inside a task's walls, in its folder, with nothing on its standard input. Its output comes as `exec_output`, its answer when it has ended. Without `timeoutMs` there is no time limit.",
  extension_ui_response: "Answers a question that came with `extension_ui_request`: once, and before its prompt ends.",
  pi_get_available_models: "Says which models the agent has, and which it uses.",
  pi_set_model: "Chooses the agent's model.",
  pi_set_thinking: "Chooses how much the agent's model thinks.",
  task_permissions: "Says anew what an agent's tool calls are asked for.",
  runtime_prove:
    "Starts an agent, asks it everything that taskd asks of agents, and ends it: an agent that answers in another way is a `TASK_BOOTSTRAP_FAILED` that says where.",
  runtime_get_state: "Says which tasks are open and what they are doing.",
  runtime_diag: "Facts about the machine's kernel, its memory and taskd itself.",
};

export function commandChapter(): string {
  const sections = Object.entries(COMMANDS).map(([name, words]) => {
    const { payload, result } = commands[name as Command];
    const part = (label: string, schema: z.ZodObject) => {
      const named = nameOf(schema);
      if (named !== undefined) return `${label}: a ${named}.`;
      if (Object.keys(schema.shape).length === 0) return `${label}: \`{}\`.`;
      return `${label}:\n\n${fields(schema, remarks("rpc", "commands", name, label.toLowerCase()))}`;
    };
    return `### \`${name}\`\n${words}\n\n${part("Payload", payload)}\n\n${part("Result", result)}`;
  });
  return sections.join("\n\n");
}
