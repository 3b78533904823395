import { randomUUID } from "node:crypto";
import { deep, type Send, TOO_LONG, type WireRefusal } from "../../../harness/attacks/wire.ts";
import { KNOWN_FILES } from "../../../harness/machines/raw-link.ts";
import { greeting } from "../../../runtime/bridge/greeting.ts";
import { NOTHING_CHOSEN } from "../../../runtime/machine/rehearsal.ts";
import { LIMITS } from "../../../runtime/protocol/limits.ts";
import { type Command, commands, PROTOCOL_VERSION } from "../../../runtime/protocol/rpc.ts";

/** The task that the checks name. */
export const WIRE_TASK = "wire-task";
const open = {
  taskId: "twin-task",
  title: "Twin",
  folder: null,
  agent: "probe",
  ...NOTHING_CHOSEN,
  files: KNOWN_FILES,
};
const state: Send = { type: "runtime_get_state", payload: {} };
const abort: Send = { type: "abort", payload: { taskId: WIRE_TASK } };
export const bash = (argv: unknown, more: object = {}): Send => ({
  type: "system_bash",
  payload: { taskId: WIRE_TASK, argv, ...more },
});
export const created = (more: object): Send => ({ type: "create_or_open_task", payload: { ...open, ...more } });
const PROOF = { tag: "tasks", path: "twin-task/guest", file: `.piwork-mount-${"0".repeat(32)}`, reply: "0".repeat(32) };
const share = (...proofs: object[]) => ({ kind: "share", proofs });
const proven = (...proofs: object[]) => created({ files: share(...proofs) });
const frame = (more: object) => ({ id: randomUUID(), type: "runtime_get_state", payload: {}, ...more });
const line = (value: unknown): Send => ({ line: JSON.stringify(value) });

const refusal = (id: string, tries: string, send: Send, twin: Send, more: Partial<WireRefusal> = {}): WireRefusal => ({
  id: `wire-${id}`,
  tries,
  send,
  twin: { send: twin },

  refused: "INVALID_REQUEST",
  ...more,
});

/** Something right for each command, to be made wrong. Those that change what others rely on stand at the end. */
const RIGHT: Partial<Record<Command, Record<string, unknown>>> = {
  create_or_open_task: open,
  switch_task: { taskId: WIRE_TASK },
  abort: { taskId: WIRE_TASK },
  system_bash: { taskId: WIRE_TASK, argv: ["true"] },
  pi_get_available_models: { taskId: WIRE_TASK },
  pi_set_model: { taskId: WIRE_TASK, model: { provider: "probe", id: "echo" } },
  runtime_get_state: { taskId: WIRE_TASK },
  runtime_diag: {},
  runtime_warm: { agent: "probe", slots: 0 },
  runtime_settle: {},
  runtime_hello: greeting(null, 0),
  runtime_unmount: {},
};

/** These would change what others rely on, or are refused while a task is open: beside them stands something else. */
const NOT_REPEATED: ReadonlySet<string> = new Set<Command>(["runtime_hello", "runtime_unmount"]);

/** For every command: each of its fields missing or of another type, and one that is not its own. */
function wrongTypes(): WireRefusal[] {
  return Object.entries(RIGHT).flatMap(([type, right]) => {
    const twin: Send = NOT_REPEATED.has(type) ? state : { type, payload: right };
    const { shape } = commands[type as Command].payload;
    const fields = Object.entries(shape).flatMap(([field, schema]) => {
      const wrong = [null, 7, [], {}, true, "", "\0"].filter((value) => !schema.safeParse(value).success);
      const values = wrong.map((value) =>
        refusal(
          `types.${type}.${field}.${JSON.stringify(value)}`,
          `gives ${type} ${JSON.stringify(value)} as ${field}`,
          { type, payload: { ...right, [field]: value } },
          twin,
        ),
      );
      const { [field]: _, ...rest } = right;
      const missing = schema.safeParse(undefined).success
        ? []
        : [refusal(`types.${type}.${field}.missing`, `gives ${type} no ${field}`, { type, payload: rest }, twin)];
      return [...values.slice(0, 2), ...missing];
    });
    const extra = refusal(
      `types.${type}.extra`,
      `gives ${type} a field too many`,
      { type, payload: { ...right, extra: 1 } },
      twin,
    );
    return [...fields, extra];
  });
}

const refusals: readonly WireRefusal[] = [
  refusal("frame.no-json", "sends what is no JSON", { line: "{" }, state),
  refusal("frame.two", "sends two frames in a line", { line: "{}{}" }, state),
  refusal("frame.null", "sends null", { line: "null" }, state),
  refusal("frame.list", "sends a list", { line: "[]" }, state),
  refusal("frame.text", "sends a text", { line: '"runtime_get_state"' }, state),
  refusal("frame.nul", "sends a NUL before a frame", { line: `\0${JSON.stringify(frame({}))}` }, state),
  refusal("frame.no-utf8", "sends bytes that are no text", { line: Buffer.from([0xff, 0xfe, 0x80]) }, state),
  refusal("frame.no-id", "sends a frame without an id", line({ type: "runtime_get_state", payload: {} }), state),
  refusal("frame.number-id", "sends a number as id", line(frame({ id: 7 })), state),
  refusal("frame.proto-id", "sends an object as id", line(frame({ id: { toString: 1 } })), state),
  refusal("frame.long-id", "sends an id of 65 characters", line(frame({ id: "i".repeat(65) })), {
    ...state,
    id: "i".repeat(64),
  } as Send),
  refusal("frame.path-id", "sends a path as id", line(frame({ id: "../x" })), state),
  refusal("frame.no-payload", "sends no payload", line({ id: randomUUID(), type: "runtime_get_state" }), state),
  refusal("frame.null-payload", "sends null as payload", line(frame({ payload: null })), state),
  refusal("frame.extra", "sends a field that frames do not have", line(frame({ sudo: true })), state),
  refusal(
    "frame.proto",
    "sends __proto__ in a frame",
    { line: `{"id":"p1","type":"runtime_get_state","payload":{},"__proto__":{"ok":true}}` },
    state,
  ),
  refusal(
    "frame.proto-payload",
    "sends __proto__ in a payload",
    { line: `{"id":"p2","type":"abort","payload":{"taskId":"${WIRE_TASK}","__proto__":{"request":"x"}}}` },
    abort,
  ),
  refusal(
    "frame.constructor",
    "sends constructor in a payload",
    {
      line: `{"id":"p3","type":"abort","payload":{"taskId":"${WIRE_TASK}","constructor":{"prototype":{"unsafe":true}}}}`,
    },
    abort,
  ),
  refusal("frame.deep", "sends JSON of ten thousand levels", { line: deep(10_000) }, state, {}),
  refusal(
    "frame.deep-payload",
    "sends a payload of 64 levels",
    { line: `{"id":"d1","type":"runtime_get_state","payload":${deep(64)}}` },
    state,
    {},
  ),
  refusal(
    "frame.too-long",
    "sends a line over the limit",
    { line: TOO_LONG },
    bash(["true", "x".repeat(LIMITS.execWordBytes)]),
    { refused: "LIMIT_EXCEEDED" },
  ),
  refusal(
    "frame.answer",
    "sends an answer instead of a request",
    line({ id: randomUUID(), ok: true, result: {} }),
    state,
  ),
  refusal(
    "frame.event",
    "sends an event",
    line({ type: "event", event: "task_stopped", taskId: WIRE_TASK, seq: 1, timestamp: 1, payload: {} }),
    state,
  ),
  refusal("frame.bad-ack", "acknowledges less than nothing", line({ type: "ack", seq: -1, taken: {} }), state),
  refusal("command.unknown", "asks for a command that there is not", { type: "shutdown", payload: {} }, state),
  refusal("command.inherited", "asks for toString", { type: "toString", payload: {} }, state),
  refusal("command.proto", "asks for __proto__", { type: "__proto__", payload: {} }, state),
  refusal("command.empty", "asks for a command without a name", { type: "", payload: {} }, state),
  refusal("command.long", "asks for a command of a hundred characters", { type: "c".repeat(100), payload: {} }, state),
  refusal("command.case", "writes a command in capitals", { type: "RUNTIME_GET_STATE", payload: {} }, state),
  refusal(
    "hello.protocol",
    "speaks another protocol",
    { type: "runtime_hello", payload: { ...greeting(null, 0), protocol: 1 } },
    state,
  ),
  refusal(
    "hello.last-protocol",
    "speaks the protocol before",
    { type: "runtime_hello", payload: { ...greeting(null, 0), protocol: PROTOCOL_VERSION - 1 } },
    state,
  ),
  refusal(
    "hello.future",
    "claims to have events that there were not",
    { type: "runtime_hello", payload: greeting(null, 999_999) },
    state,
  ),
  refusal(
    "hello.proof",
    "proves a mount with a path",
    {
      type: "runtime_hello",
      payload: {
        ...greeting(null, 0),
        files: share({ ...PROOF, tag: "workspace", path: null, file: "../../etc/passwd" }),
      },
    },
    state,
    {},
  ),
  refusal(
    "hello.tag",
    "names a mount that there is not",
    {
      type: "runtime_hello",
      payload: {
        ...greeting(null, 0),
        files: share({ ...PROOF, tag: "root", path: null }),
      },
    },
    state,
  ),
  refusal(
    "hello.proof-path",
    "proves a mount outside of its share",
    {
      type: "runtime_hello",
      payload: {
        ...greeting(null, 0),
        files: share({ ...PROOF, tag: "workspace", path: "../tasks" }),
      },
    },
    state,
    {},
  ),
  refusal(
    "hello.entropy",
    "greets with too little randomness",
    { type: "runtime_hello", payload: { ...greeting(null, 0), entropy: "00" } },
    state,
  ),
  refusal(
    "hello.entropy-text",
    "greets with randomness that is no number",
    { type: "runtime_hello", payload: { ...greeting(null, 0), entropy: "z".repeat(128) } },
    state,
  ),
  refusal(
    "hello.entropy-long",
    "greets with more randomness than there is room for",
    { type: "runtime_hello", payload: { ...greeting(null, 0), entropy: "0".repeat(130) } },
    state,
  ),
  ...[0, -1, 0.5, Date.UTC(2100, 0) + 1].map((time) =>
    refusal(
      `hello.time.${time}`,
      `greets with the time ${time}`,
      { type: "runtime_hello", payload: { ...greeting(null, 0), time } },
      state,
    ),
  ),
  refusal(
    "warm.many",
    "has more agents wait than a machine may have",
    { type: "runtime_warm", payload: { agent: "probe", slots: LIMITS.warmSlots + 1 } },
    { type: "runtime_warm", payload: { agent: "probe", slots: 0 } },
    {},
  ),
  refusal(
    "warm.less-than-none",
    "has less than no agent wait",
    { type: "runtime_warm", payload: { agent: "probe", slots: -1 } },
    { type: "runtime_warm", payload: { agent: "probe", slots: 0 } },
  ),
  refusal(
    "unmount.busy",
    "takes the shares away while a task is open",
    { type: "runtime_unmount", payload: {} },
    { type: "runtime_settle", payload: {} },
    { refused: "TASK_BUSY" },
  ),
  refusal("proofs.many", "has three directories of a task proven", proven(PROOF, PROOF, PROOF), created({})),
  refusal(
    "proofs.path",
    "has a directory proven outside of its share",
    proven({ ...PROOF, path: "../x" }),
    created({}),
    {},
  ),
  refusal(
    "proofs.file",
    "proves a directory with a path",
    proven({ ...PROOF, file: "../../etc/passwd" }),
    created({}),
    {},
  ),
  refusal("proofs.absent", "proves a directory that is not there", proven({ ...PROOF, path: "absent" }), created({}), {
    refused: "WORKSPACE_POLICY_VIOLATION",
  }),
  refusal(
    "hello.time",
    "greets with a time beyond all sense",
    { type: "runtime_hello", payload: { ...greeting(null, 0), time: 1e15 } },
    state,
  ),
  ...[
    "../../etc",
    "..",
    ".",
    "",
    "__proto__",
    "-rf",
    "a\nb",
    "a\0b",
    "A-task",
    "t".repeat(65),
    "t".repeat(4096),
    "tä-sk",
    "ab",
  ].map((taskId) =>
    refusal(
      `ids.${JSON.stringify(taskId.slice(0, 12))}.${taskId.length}`,
      `opens a task with the id ${JSON.stringify(taskId.slice(0, 12))}`,
      created({ taskId }),
      created({}),
    ),
  ),
  refusal(
    "ids.unknown",
    "asks for a task that is not open",
    { type: "switch_task", payload: { taskId: "no-such-task" } },
    { type: "switch_task", payload: { taskId: WIRE_TASK } },
    { refused: "TASK_NOT_FOUND" },
  ),
  refusal(
    "ids.constructor",
    "asks for the task constructor",
    { type: "switch_task", payload: { taskId: "constructor" } },
    { type: "switch_task", payload: { taskId: WIRE_TASK } },
    { refused: "TASK_NOT_FOUND" },
  ),
  ...["../outside", "/etc", "a/../../b", ".", "a//b", "a/", "\0", "f".repeat(LIMITS.folderBytes + 1)].map((folder) =>
    refusal(
      `folders.${JSON.stringify(folder.slice(0, 12))}`,
      `binds the folder ${JSON.stringify(folder.slice(0, 12))}`,
      created({ folder }),
      created({}),
      {},
    ),
  ),
  refusal("folders.missing", "binds a folder that is not there", created({ folder: "missing" }), created({}), {
    refused: "WORKSPACE_POLICY_VIOLATION",
  }),
  refusal("folders.encoded", "binds a folder with encoded dots", created({ folder: "%2e%2e" }), created({}), {
    refused: "WORKSPACE_POLICY_VIOLATION",
  }),
  refusal("titles.newline", "gives a title with a newline", created({ title: "a\nb" }), created({ title: "a b" })),
  refusal(
    "titles.long",
    "gives a title that is too long",
    created({ title: "t".repeat(LIMITS.titleCharacters + 1) }),
    created({}),
  ),
  refusal("titles.blank", "gives a title of blanks", created({ title: "  " }), created({})),
  refusal("agents.other", "opens a task with another agent than it has", created({ agent: "pi" }), created({})),
  refusal(
    "agents.unknown",
    "opens a task with an agent that is a path",
    created({ agent: "../../bin/sh" }),
    created({}),
  ),
  refusal("argv.empty", "runs no words", bash([]), bash(["true"])),
  refusal("argv.no-name", "runs a command without a name", bash([""]), bash(["true", ""])),
  refusal("argv.nul", "runs a word with a NUL", bash(["true", "a\0b"]), bash(["true", "ab"])),
  refusal("argv.text", "runs a text", bash("true"), bash(["true"])),
  refusal("argv.nested", "runs a list in a list", bash([["true"]]), bash(["true"])),
  refusal("argv.many", "runs too many words", bash(Array(LIMITS.execWords + 1).fill("true")), bash(["true"])),
  refusal(
    "argv.long",
    "runs a word that is too long",
    bash(["true", "x".repeat(LIMITS.execWordBytes + 1)]),
    bash(["true"]),
  ),
  refusal("argv.cwd", "runs a command elsewhere", bash(["pwd"], { cwd: "/" }), bash(["pwd"])),
  refusal(
    "argv.environment",
    "runs a command with variables",
    bash(["env"], { env: { LD_PRELOAD: "/work/x.so" } }),
    bash(["env"]),
  ),
  refusal("argv.user", "runs a command as root", bash(["id"], { uid: 0 }), bash(["id"])),
  refusal(
    "argv.timeout",
    "gives a command no time",
    bash(["true"], { timeoutMs: 0 }),
    bash(["true"], { timeoutMs: 5_000 }),
  ),
  refusal(
    "argv.forever",
    "gives a command for ever",
    bash(["true"], { timeoutMs: LIMITS.execTimeoutMs + 1 }),
    bash(["true"], { timeoutMs: LIMITS.execTimeoutMs }),
  ),
  refusal(
    "walls.unconfined",
    "runs a command without walls in a safe machine",
    bash(["id"], { unconfined: true }),
    bash(["id"]),
    { refused: "WORKSPACE_POLICY_VIOLATION" },
  ),
  refusal(
    "walls.without",
    "leaves a layer out in a safe machine",
    bash(["id"], { without: ["seccomp"] }),
    bash(["id"]),
    { refused: "WORKSPACE_POLICY_VIOLATION" },
  ),
  refusal("walls.without-none", "leaves nothing out, but says so", bash(["id"], { without: [] }), bash(["id"]), {
    refused: "WORKSPACE_POLICY_VIOLATION",
  }),
  refusal("walls.confined", "says that a command is confined", bash(["id"], { unconfined: false }), bash(["id"])),
  refusal(
    "answers.unasked",
    "answers a question that nobody asked",
    { type: "extension_ui_response", payload: { taskId: WIRE_TASK, question: "q", answer: { confirmed: true } } },
    state,
  ),
];

/** Every refusal on the wire, each beside a twin that is accepted. */
export const wireRefusals: readonly WireRefusal[] = [...refusals, ...wrongTypes()];
