import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { controlSocket, findPlaces, REPOSITORY } from "../runtime/places.ts";
import { dialogAnswer, dialogQuestion } from "../runtime/protocol/agent.ts";
import { calls, streams, uploaded } from "../runtime/protocol/control.ts";
import { type ErrorCode, errorBody, PiworkError } from "../runtime/protocol/errors.ts";
import { type EventName, runtimeEvent } from "../runtime/protocol/events.ts";
import { relativeFolder, requestId, taskId, title, uploadName } from "../runtime/protocol/ids.ts";
import { agentKind, modelName } from "../runtime/protocol/kinds.ts";
import { LIMITS } from "../runtime/protocol/limits.ts";
import { MESSAGE_DEPTH } from "../runtime/protocol/plain-json.ts";
import { taskRecord } from "../runtime/protocol/record.ts";
import {
  ackFrame,
  answerFrame,
  type Command,
  commands,
  PROTOCOL_VERSION,
  requestFrame,
  TASKD_PORT,
} from "../runtime/protocol/rpc.ts";
import { SESSION_FILE, SESSION_HEAD_BYTES, SESSION_IN_SANDBOX, sessionHead } from "../runtime/protocol/session.ts";
import {
  MACHINE_TRANSITIONS,
  type MachineState,
  machineState,
  TASK_TRANSITIONS,
  type TaskState,
  taskState,
  transition,
} from "../runtime/protocol/states.ts";

/** Where the document lies, from the repository's root. */
export const PROTOCOL_DOCUMENT = "docs/protocol.md";

const COMMANDS: Record<Command, string> = {
  runtime_hello:
    "Greets on a new link: agrees on the protocol, mounts and proves the shares, and asks for the events that were missed.",
  create_or_open_task:
    "Makes a task known to this taskd, mounts its folder and starts its agent. For a task that is open it only binds a folder, where the task has none and nothing runs in it (`TASK_BUSY`); another folder than the one it has is a `WORKSPACE_POLICY_VIOLATION`, another agent an `INVALID_REQUEST`.",
  switch_task: "Makes a task the active one, and starts its agent again where it has died.",
  prompt: "Gives the agent a prompt. The answer says that it was taken; what comes of it arrives as events.",
  abort:
    "Ends the prompt in flight, or with `request` that `system_bash`. `aborted` is false where there was none. The prompt still ends with its event; an agent that does not end its turn is ended itself.",
  stop_task: "Ends the agent and every command of a task and forgets the task. Its files stay.",
  system_bash:
    "Runs a command inside a task's walls, in its folder, with nothing on its standard input. Its output comes as `exec_output`, its answer when it has ended. Without `timeoutMs` there is no time limit.",
  extension_ui_response: "Answers a question that came with `extension_ui_request`: once, and before its prompt ends.",
  pi_get_available_models: "Says which models the agent has, and which it uses.",
  pi_set_model: "Chooses the agent's model.",
  runtime_get_state: "Says which tasks are open and what they are doing.",
  runtime_diag: "Facts about the machine's kernel, its memory and taskd itself.",
};

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
  runtime_warning: "Something that a person should read; a program has nothing to do about it.",
};

const ERRORS: Record<ErrorCode, string> = {
  INVALID_REQUEST: "The request is not what this document says, or cannot mean anything now.",
  TASK_NOT_FOUND: "No task has this id, or none is active where a call left it out.",
  TASK_NOT_READY: "The task, its machine or the runtime is not running at the moment.",
  TASK_BUSY: "Something else is under way in the task that has to end first.",
  TASK_BOOTSTRAP_FAILED: "A machine, a share or an agent could not be started.",
  PI_PROCESS_DEAD: "The agent (whichever it is) or its machine died or stopped answering.",
  SWITCH_TIMEOUT: "An answer or an end did not come in time. What was asked for may still happen.",
  WORKSPACE_POLICY_VIOLATION: "A folder, a file or a right that a task may not have.",
  LIMIT_EXCEEDED: "More than one of the limits below allows, or a full disk. The link stays usable.",
  INTERNAL_ERROR: "A failure nobody foresaw. The log has its details, the answer has not.",
};

const CALLS: Record<keyof typeof calls, string> = {
  status: "One screen of facts.",
  shutdown: "Stops the runtime; it answers before it ends.",
  task_create: "Makes a task and switches to it.",
  task_bind: "Gives a task without a folder one, for good.",
  task_delete: "Ends a task and removes all that was kept of it; never its folder.",
  task_list: "Every task, the oldest first.",
  task_show: "One task.",
  task_switch: "Makes a task the active one; answers when it is ready.",
  task_stop: "Ends everything that runs in a task.",
  abort: "Ends the prompt in flight.",
  questions: "What the agent has asked and nobody has answered.",
  answer: "Answers such a question.",
  models: "Which models the agent has, and which it uses.",
  model_set: "Chooses the agent's model, also for its next starts.",
  diag: "Facts from inside the machines, and the last changes of state.",
};

const STREAMS: Record<keyof typeof streams, string> = {
  prompt: "Sends a prompt and gives its events, up to the one that ends it. Leaving the stream does not end the turn.",
  exec: "Runs a command in a task; leaving the stream ends the command.",
  events: "Every event of every task from now on, without an end.",
};

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
  unresponsive: "it has not answered for a while",
  stopping: "it was asked to end",
  ended: "QEMU is gone",
};

const { taskView, mountProof, machineView, base64 } = {
  taskView: commands.switch_task.result,
  mountProof: commands.runtime_hello.payload.shape.mounts.element,
  machineView: calls.status.output.shape.machines.element,
  base64: payloadOf("exec_output").shape["data"] as z.ZodType,
};

const { type, timestamp, taskId: ofTask, seq } = runtimeEvent.options[0].shape;
const eventName = z.enum(runtimeEvent.options.map(({ shape }) => shape.event.value));
/** What all events have. */
const eventEnvelope = z.strictObject({
  type,
  event: eventName,
  timestamp,
  taskId: ofTask,
  seq,
  payload: z.record(z.string(), z.unknown()),
});

/** What a schema is called in a sentence, where a table of its own explains it. */
const SMALL_TYPES: [name: string, schema: z.ZodType, meaning: string][] = [
  ["task id", taskId, "names a task; minted by the host"],
  ["request id", requestId, "names a request; chosen by whoever sends it"],
  ["title", title, "what a task is called"],
  ["folder path", relativeFolder, "a folder of the workspace"],
  ["upload name", uploadName, "a file in a task's uploads"],
  ["agent", agentKind, "what runs as the agent"],
  ["model name", modelName, "a model as an agent names it"],
  ["task state", taskState, "see [states](#states)"],
  ["machine state", machineState, "see [states](#states)"],
  ["error code", errorBody.shape.code, "see [error codes](#error-codes)"],
  ["base64", base64, "bytes"],
  ["answer to a question", dialogAnswer, "a value for select, input and editor; a yes or no for confirm; or a refusal"],
];

/** The same for what needs a section. The last words say where in the sources its fields are explained. */
const OBJECTS: [name: string, schema: z.ZodObject, meaning: string, file: string, ...path: string[]][] = [
  ["Task view", taskView, "A task as its taskd sees it.", "rpc", "taskView"],
  [
    "Mount proof",
    mountProof,
    "How the host proves a mount: it wrote a token into `file` of the share; taskd reads that file, answers what it read, and writes `reply` into a new file beside it, named as `file` with `.reply` behind it.",
    "rpc",
    "mountProof",
  ],
  ["Error", errorBody, "Why something was refused or has failed.", "errors", "errorBody"],
  ["Question", dialogQuestion, "What an agent asks.", "agent", "dialogQuestion"],
  ["Transition", transition, "One change of a task's or a machine's state.", "states", "transition"],
  [
    "Diagnosis",
    commands.runtime_diag.result,
    "The answer of `runtime_diag`.",
    "rpc",
    "commands",
    "runtime_diag",
    "result",
  ],
  ["Task record", taskRecord, "What the host knows of a task, as it stands in its file.", "record", "taskRecord"],
  ["Machine view", machineView, "A machine as the host sees it.", "control", "machineView"],
  ["Status", calls.status.output, "The answer of the call `status`.", "control", "statusView"],
];

/** The whole text of the document. Throws where something of the protocol is not described. */
export function protocolDocument(): string {
  const chapters = [
    ["The wire", wire()],
    ["Commands", commandChapter()],
    ["Events", eventChapter()],
    ["Order", ORDER],
    ["States", stateChapter()],
    ["Error codes", errorChapter()],
    ["Limits", limitChapter()],
    ["Types", typeChapter()],
    ["The control API", controlChapter()],
    ["Files on disk", fileChapter()],
  ] as const;
  const contents = chapters.map(([name]) => `[${name}](#${anchor(name)})`).join(" · ");
  const body = chapters.map(([name, text]) => `## ${name}\n${text.trim()}\n`).join("\n");
  return `# Protocol ${PROTOCOL_VERSION}

For whoever writes a client of the runtime, or another taskd. Written by \`npx mise run docs\` from the schemas in
\`runtime/protocol\`; \`npm test\` fails where the two differ. Do not edit it by hand.

${contents}

Fields are required unless their name has a \`?\`. An object has no other fields than those named here.

${body}`;
}

function wire(): string {
  return `
The runtime on the host and taskd in the machine speak over one virtio-serial port, \`${TASKD_PORT}\`, which only root of the
guest can open. On the host it is a Unix socket of QEMU's. Nothing listens on a network.

### Lines
Each message is one JSON object in UTF-8 on one line, ended by \`\\n\`. A line has at most ${size(LIMITS.lineBytes)} with its newline;
the rest of a longer one is skipped, it is refused with \`LIMIT_EXCEEDED\` and the id \`null\`, and the link goes on. JSON that
is nested more than ${MESSAGE_DEPTH} levels deep or has a key \`__proto__\` is refused. Empty lines mean nothing.

### Frames
A **request**, from the host:

${fields(
  requestFrame,
  new Map([
    ["type", "the name of a [command](#commands)"],
    ["payload", "as the command has it"],
  ]),
)}

Its **answer**, from taskd. \`id\` is null only where the request had none that could be read:

${alternatives(answerFrame)}

An **event**, from taskd:

${fields(eventEnvelope, new Map([...remarks("events", "envelope"), ["taskId", "null: it is of no task"], ["payload", "as the event has it"]]))}

An **acknowledgement**, from the host. It has no id and gets no answer:

${fields(ackFrame, remarks("rpc", "ackFrame"))}

### A link
A link can break and be made anew at any time; taskd goes on meanwhile. On every new link the host
1. sends one newline, which ends what an earlier link may have left half said;
2. sends \`runtime_hello\` with \`protocol\` ${PROTOCOL_VERSION} (another number is refused), \`afterSeq\`: the last event it has (0 at first), and
   the mounts to prove (none but at first);
3. passes over everything up to the answer with that id: it is what was left of the earlier link;
4. sends again, with their ids, the requests that have no answer yet, and an acknowledgement.

After the answer taskd sends every event after \`afterSeq\` again. Where it no longer has them, because they were
acknowledged, or never sent them, it refuses the greeting with \`INVALID_REQUEST\`.

### Ids
Each id is answered once, and each request is done once:
- same id, same type and payload (the order of keys does not matter): the same answer again, without a second effect, also
  where the first is still running;
- same id, other type or payload: \`INVALID_REQUEST\`.

taskd remembers ${LIMITS.rememberedIds} ids and ${size(LIMITS.rememberedBytes)} of answers, and forgets the oldest answered ones first. A running request is never
forgotten; with ${LIMITS.rememberedIds} of them running the next is refused with \`LIMIT_EXCEEDED\`.
Requests run beside each other, so answers come in any order.

### Events and acknowledgements
\`seq\` begins at 1 and rises by one with each event of one taskd, whichever task it is of. taskd keeps an event until an
acknowledgement names it or a later one. With more than ${size(LIMITS.unackedEventBytes)} unacknowledged it stops reading agents and commands until
the host catches up: nothing is dropped. A host that sees a gap breaks the link and asks for what it lacks; one that it
has already is passed over.

### Output of commands
\`exec_output\` carries at most ${size(LIMITS.execChunkBytes)} before base64. Of each command at most about ${size(LIMITS.execWindowBytes)} are on their way: taskd reads
on when \`taken\` of an acknowledgement says that they have reached whoever asked for them. \`taken\` is the sum since the
command began, by its request id, and names every running command whose output was taken: each
acknowledgement replaces the one before. A host that never says so stalls the command; other commands, and agents, go on.

### What is not known
An unknown command, an unknown or missing field, and a value outside its limits are refused with \`INVALID_REQUEST\`, which
names the place and never repeats the value. The host does not pass on what it does not know: it notes it in its log.
Only \`message\` of \`agent_output\` is passed on as the agent wrote it.`;
}

const ORDER = `
Within one taskd, in the order of the lines:
- **\`switch_task\`**: its answer, \`task_switch_started\`, then exactly one of \`task_ready\` and \`task_error\` (\`during\`: \`switch\`).
- **\`prompt\`**: its answer, any number of \`agent_output\` and \`extension_ui_request\`, then exactly one of \`agent_end\` and
  \`task_error\` (\`during\`: \`prompt\`), whatever the agent does: it may refuse the prompt (\`INVALID_REQUEST\`), hang,
  or die (\`PI_PROCESS_DEAD\`).
- **\`system_bash\`**: any number of \`exec_output\`, then its answer. \`stdoutBytes\` and \`stderrBytes\` are the sums of what came.
- **\`stop_task\`**: the \`task_error\` of a prompt in flight, \`task_stopped\`, then its answer.
- A \`switch_task\` or \`prompt\` that is refused has no events.

\`requestId\` of these events is the id of the request. \`task_bootstrap_state\` comes wherever an agent is started, and
\`runtime_warning\` anywhere. One prompt is in flight per task; a second is refused with \`TASK_BUSY\`. Events of every task
are sent, active or not.

\`agent_end\` says with \`saved\` whether the session file has the turn: false means that it would be lost with the agent, and
a \`runtime_warning\` before it says why.

When a machine ends by itself, the runtime gives its readers the \`task_error\` of every open task that taskd could not send.`;

function commandChapter(): string {
  const sections = described(COMMANDS, Object.keys(commands)).map(([name, words]) => {
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

function eventChapter(): string {
  const names = runtimeEvent.options.map(({ shape }) => shape.event.value);
  const rows = described(EVENTS, names).flatMap(([name, words]) => {
    const entries = fieldRows(payloadOf(name), remarks("events", "eventPayloads", name));
    const first = entries[0] ?? ["", "nothing"];
    return [first, ...entries.slice(1)].map((entry, index) => [
      index === 0 ? `\`${name}\`` : "",
      index === 0 ? words : "",
      entry[0] ?? "",
      [entry[1], entry[2]].filter(Boolean).join("; "),
    ]);
  });
  return `${table(["event", "when", "payload", "type"], rows)}

\`saved\` of \`agent_end\`: see [order](#order). \`message\` of \`agent_output\` is a line of pi's RPC, or
\`{ "type": "unparsed", "text": … }\` for a line that is no JSON object.`;
}

function stateChapter(): string {
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
  const rows = described(words, Object.keys(transitions)).map(([state, meaning]) => [
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

function errorChapter(): string {
  const rows = described(ERRORS, errorBody.shape.code.options).map(([code, words]) => [
    `\`${code}\``,
    new PiworkError(code as ErrorCode, "").toBody().retryable ? "yes" : "no",
    words,
  ]);
  return `No other code, and no errno, ever leaves taskd or the control API. Retryable: the same request may
succeed later; on the wire it needs a new id.

${table(["code", "retryable", "meaning"], rows)}`;
}

function limitChapter(): string {
  const known = remarks("limits", "LIMITS");
  const rows = described(Object.fromEntries(known), Object.keys(LIMITS)).map(([name, words]) => {
    const value = LIMITS[name as keyof typeof LIMITS];
    const rounded = name.endsWith("Bytes") && value % 1024 === 0 ? ` (${size(value)})` : "";
    return [`\`${name}\``, `${value}${rounded}`, words];
  });
  return table(["limit", "value", "meaning"], rows);
}

function typeChapter(): string {
  const small = SMALL_TYPES.map(([name, schema, meaning]) => [name, meaning, inWords(schema, { byName: false })]);
  const sections = OBJECTS.map(
    ([name, schema, meaning, file, ...path]) => `### ${name}\n${meaning}\n\n${fields(schema, remarks(file, ...path))}`,
  );
  return `${table(["type", "for", "is"], small)}\n\n${sections.join("\n\n")}`;
}

function controlChapter(): string {
  const state = "/home/me/.local/state/piwork";
  const socket = controlSocket(findPlaces({ state }, { XDG_RUNTIME_DIR: "/run/user/1000" }));
  const callRows = described(CALLS, Object.keys(calls)).map(([name, words]) => {
    const { input, output } = calls[name as keyof typeof calls];
    return [`\`${name}\``, words, inline(input), inWords(output)];
  });
  const streamRows = described(STREAMS, Object.keys(streams)).map(([name, words]) => {
    const { input, item } = streams[name as keyof typeof streams];
    return [`\`${name}\``, words, inline(input), inWords(item)];
  });
  return `
What the \`piwork\` command and programs use: HTTP on a Unix socket of mode 0600. Its directory is named by the first 12
hexadecimal digits of the SHA-256 of the state directory's absolute path, below \`$XDG_RUNTIME_DIR/piwork\` or, without that
variable, \`/tmp/piwork-<uid>\`. For \`${state}\`:

\`\`\`sh
curl --unix-socket ${socket} \\
  -d '{}' http://piwork/v1/status
\`\`\`

The same from TypeScript, with types: \`import { connect } from "piwork"\`. Where \`task\` is left out, the active one is meant.
A request body has at most ${size(LIMITS.controlBodyBytes)}.

### Calls
\`POST /v1/<call>\`, JSON in, JSON out. Status 200 means that it worked; any other comes with \`{ "error": … }\`, an [error](#error).

${table(["call", "does", "takes", "answers"], callRows)}

### Streams
\`POST /v1/<stream>\`, JSON in, one JSON object a line out. A stream that ends with an item of the type \`error\` has failed. Of
events \`seq\` is the runtime's own count: it does not begin anew with a machine. A reader of \`exec\` that leaves
more than ${size(LIMITS.unreadStreamBytes)} unread gets \`LIMIT_EXCEEDED\`, and the command ends; \`data\` of an \`output\` is base64.

${table(["stream", "does", "takes", "each item"], streamRows)}

### Uploads
\`PUT /v1/uploads/<task id>/<upload name>\` with the bytes of the file as the body, at most ${size(LIMITS.uploadBytes)}; the name is URL-encoded. The file is there
whole or not at all, read-only for the task, and never replaces one of the same name. Answers:

${fields(uploaded, new Map())}`;
}

function fileChapter(): string {
  return `
\`\`\`
$XDG_STATE_HOME/piwork/        or ~/.local/state/piwork, or --state
  records/<task id>.json       a task record
  records/active               the id of the active task
  tasks/<task id>/guest/       all that a machine ever sees of the state
    session/${SESSION_FILE}      the session
    outputs/ uploads/ home/
  trash/                       deleted tasks, until they are removed
\`\`\`

A record and a session are replaced whole (written beside the old one, synced, renamed). A record is a [task record](#task-record) in JSON; one of
the version before is read, and written anew in the present one. A file that cannot be read is left as it is, and its task is left out
with a line in the log and a warning in \`status\`.

### Session file
The agent works on a copy at \`${SESSION_IN_SANDBOX}\`; after each completed turn taskd makes it the session file. That has at most
${size(LIMITS.sessionBytes)}. Every line but the first is the agent's own. The first, at most ${SESSION_HEAD_BYTES} bytes, is taskd's:

${fields(sessionHead, remarks("session", "sessionHead"))}

A task whose session file is not its own, or cannot be read, is not opened: \`TASK_BOOTSTRAP_FAILED\` says which file it is.`;
}

/** The names in their order, each with its words; fails where one has none, or where words are left over. */
function described(words: Record<string, string>, names: readonly string[]): [name: string, words: string][] {
  const left = Object.keys(words).filter((name) => !names.includes(name));
  if (left.length > 0)
    throw new Error(
      `${left.join(", ")}: described, but not in the protocol any more; see harness/protocol-document.ts`,
    );
  return names.map((name) => {
    const text = words[name];
    if (text === undefined || text === "")
      throw new Error(
        `${name}: not described; add a line about it to harness/protocol-document.ts (a limit: in limits.ts)`,
      );
    return [name, text];
  });
}

function payloadOf(name: string): z.ZodObject {
  const option = runtimeEvent.options.find(({ shape }) => shape.event.value === name);
  if (option === undefined) throw new Error(`there is no event ${name}`);
  return option.shape.payload;
}

function alternatives(union: z.ZodDiscriminatedUnion): string {
  return table(
    ["", "fields"],
    (union.options as z.ZodObject[]).map((option) => [
      option.shape["ok"] instanceof z.ZodLiteral && option.shape["ok"].value === true
        ? "it worked"
        : "it was refused or failed",
      inline(option),
    ]),
  );
}

function fields(schema: z.ZodObject, meanings: ReadonlyMap<string, string>): string {
  const rows = fieldRows(schema, meanings);
  const isExplained = rows.some(([, , meaning]) => meaning !== "");
  return table(
    isExplained ? ["field", "type", "meaning"] : ["field", "type"],
    rows.map((row) => (isExplained ? row : row.slice(0, 2))),
  );
}

function fieldRows(schema: z.ZodObject, meanings: ReadonlyMap<string, string>): string[][] {
  return Object.entries(schema.shape).map(([name, field]) => [
    fieldName(name, field as z.ZodType),
    inWords(field as z.ZodType),
    meanings.get(name) ?? "",
  ]);
}

function fieldName(name: string, field: z.ZodType): string {
  return `\`${name}${field instanceof z.ZodOptional ? "?" : ""}\``;
}

function inline(schema: z.ZodType): string {
  if (!(schema instanceof z.ZodObject)) return inWords(schema);
  const parts = Object.entries(schema.shape).map(
    ([name, field]) => `${fieldName(name, field as z.ZodType)}: ${inWords(field as z.ZodType)}`,
  );
  return parts.length === 0 ? "`{}`" : parts.join("; ");
}

function nameOf(schema: z.ZodType): string | undefined {
  if (schema === runtimeEvent) return "[event](#events)";
  if (schema === eventName) return "the name of an [event](#events)";
  const small = SMALL_TYPES.find(([, known]) => known === schema);
  if (small !== undefined) return small[0];
  const object = OBJECTS.find(([, known]) => known === schema);
  return object && `[${object[0].toLowerCase()}](#${anchor(object[0])})`;
}

/** A type as a person says it. */
function inWords(schema: z.ZodType, { byName = true } = {}): string {
  const name = byName ? nameOf(schema) : undefined;
  if (name !== undefined) return name;
  if (schema instanceof z.ZodOptional) return inWords(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodNullable) return `${inWords(schema.unwrap() as z.ZodType)}, or null`;
  if (schema instanceof z.ZodEnum) return oneOf(schema.options.map((value) => `\`${value}\``));
  if (schema instanceof z.ZodLiteral) return `\`${JSON.stringify(schema.value)}\``;
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodUnknown) return "anything";
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape).length === 0 ? "`{}`" : `{ ${inline(schema)} }`;
  if (schema instanceof z.ZodUnion)
    return schema.options.map((option) => inWords(option as z.ZodType)).join(" **or** ");
  if (schema instanceof z.ZodRecord)
    return schema.valueType instanceof z.ZodUnknown
      ? "an object"
      : `an object: by ${inWords(schema.keyType as z.ZodType)}, ${inWords(schema.valueType as z.ZodType)}`;
  const facts = z.toJSONSchema(schema);
  if (schema instanceof z.ZodArray)
    return `list${bounds(facts.minItems, facts.maxItems).replace(/^, (.+)/, " ($1)")} of ${inWords(schema.element as z.ZodType)}`;
  if (facts.type === "integer" || facts.type === "number") return numberInWords(facts);
  if (facts.type === "string") return textInWords(schema, facts);
  throw new Error(`harness/protocol-document.ts has no words for a ${schema.type}`);
}

function oneOf(values: string[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function numberInWords(facts: z.core.JSONSchema.BaseSchema): string {
  const least = typeof facts.exclusiveMinimum === "number" ? facts.exclusiveMinimum + 1 : facts.minimum;
  const kind = facts.type === "integer" ? "whole number" : "number";
  const isOpen = (bound: number | undefined) => Math.abs(bound ?? Number.MAX_SAFE_INTEGER) === Number.MAX_SAFE_INTEGER;
  return kind + bounds(isOpen(least) ? undefined : least, isOpen(facts.maximum) ? undefined : facts.maximum);
}

function textInWords(schema: z.ZodType, facts: z.core.JSONSchema.BaseSchema): string {
  if (facts.format === "date-time") return "time (ISO 8601, UTC)";
  if (facts.pattern !== undefined) return `text like \`${facts.pattern}\``;
  const isOnlyNotEmpty = facts.minLength === 1 && facts.maxLength === undefined;
  const length = bounds(facts.minLength, facts.maxLength);
  return `text${isOnlyNotEmpty ? ", not empty" : length && `${length} characters`}${sentences(schema)}`;
}

function bounds(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  if (least !== undefined) return `, at least ${least}`;
  return most === undefined ? "" : `, at most ${most}`;
}

/** What the rules of a schema that are code say to whoever breaks them: nothing else has words for them. */
function sentences(schema: z.ZodType): string {
  const words = (schema.def.checks ?? []).flatMap((check) => {
    const { def } = check._zod;
    const say = def.error as ((issue: object) => unknown) | undefined;
    return def.check === "custom" ? [say?.({ path: [] })] : [];
  });
  return words.length === 0 ? "" : ` (${words.join("; ")})`;
}

/**
 * The one-line comments before the fields of one declaration, by field. `path` leads from a declaration of the file inwards.
 * Reads the text, whose indentation the formatter guarantees.
 */
function remarks(file: string, ...path: string[]): Map<string, string> {
  let lines = readFileSync(join(REPOSITORY, "runtime/protocol", `${file}.ts`), "utf8").split("\n");
  for (const name of path) if (lines.length > 0) lines = inside(lines, name, file);
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const words = /^ *\/\*\* (.+) \*\/$/.exec(line)?.[1];
    const next = lines[index + 1] ?? "";
    const field = /^ *(\w+)[:,]/.exec(next)?.[1];
    if (words !== undefined && field !== undefined && indentation(next) === indentation(lines[0] ?? ""))
      found.set(field, words);
  }
  return found;
}

/** The lines between the one that begins a declaration or property and the one that ends it; none where they are the same. */
function inside(lines: string[], name: string, file: string): string[] {
  const begins = new RegExp(`^ *(?:export )?(?:const )?${name}(?: =|:)`);
  const outer = indentation(lines.find((line) => line !== "") ?? "");
  const start = lines.findIndex((line) => begins.test(line) && indentation(line) === outer);
  if (start === -1)
    throw new Error(`runtime/protocol/${file}.ts has no '${name}' where harness/protocol-document.ts looks for it`);
  const length = lines.slice(start + 1).findIndex((line) => line !== "" && indentation(line) <= outer);
  return lines.slice(start + 1, start + 1 + length);
}

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(" ", "-");
}

/** A number of bytes, in the largest unit of which it is a whole number. */
function size(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let value = bytes;
  while (value % 1024 === 0 && units.length > 1) {
    value /= 1024;
    units.shift();
  }
  return `${value} ${units[0]}`;
}
