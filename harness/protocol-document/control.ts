import { calls, streams, uploaded } from "../../runtime/api/control.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { controlSocket, findPlaces } from "../../runtime/state/places.ts";
import { fields } from "./field-table.ts";
import { size, table } from "./markdown.ts";
import { inline, inWords } from "./schema-words.ts";

const CALLS: Record<keyof typeof calls, string> = {
  status: "One screen of facts.",
  shutdown: "Stops the runtime; it answers before it ends.",
  task_create: "Makes a task and switches to it.",
  task_bind: "Gives a task without a folder one, for good.",
  task_delete: "Ends a task and removes all that was kept of it; never its folder.",
  task_list: "Every task, the oldest first.",
  task_show: "One task.",
  task_inspect: "One task, and what in its folder leaves it or is run by tools of the host.",
  task_files: "Lists a directory of a task.",
  task_preview: "The beginning of a regular file of a task; with `large`, more of it.",
  task_changes: "What is different in a task's folder since the task got it.",
  task_boundary: "What a task can reach, with its walls as the kernels of its machine and of the host tell them now.",
  conversation:
    "What was said and done in a task: by this runtime as it happened, before it only the texts that the saved session has.",
  folders: "Directories below a directory of the workspace, one level of them; links are not among them.",
  folder_make: "Makes one directory below the workspace root.",
  task_switch: "Makes a task the active one; answers when it is ready.",
  task_stop: "Ends everything that runs in a task.",
  abort: "Ends the prompt in flight.",
  questions: "What the agent has asked and nobody has answered.",
  answer: "Answers such a question.",
  models: "Which models the agent has, and which it uses.",
  model_set: "Chooses the agent's model, also for its next starts.",
  network: "What a task may reach besides its folder, and what it asked for last.",
  network_set: "Sets what a task may reach; its open connections end, and whatever it opens then is judged anew.",
  providers: "The providers of models, without addresses and keys.",
  thinking_set: "Chooses how much the agent's model thinks, also for its next starts.",
  steer: "Says something to an agent that works: `now`, before it goes on, or `after` it would have ended.",
  decisions: "What agents may do without asking again: of one task, or of all.",
  decisions_clear: "Forgets such decisions: one, those of a task, or all.",
  diag: "Facts from inside the machines, and the last changes of state.",
  machine_answers: "What each machine's QEMU and taskd say now, beside what the runtime believes in the same moment.",
  log_tail: "The end of a log of this runtime.",
  evidence: "The last runs of the suites that left their evidence in the directory of logs.",
  panel: "Where the panel is, with the token that opens it.",
};

const STREAMS: Record<keyof typeof streams, string> = {
  prompt: "Sends a prompt and gives its events, up to the one that ends it. Leaving the stream does not end the turn.",
  exec: "Runs a command in a task; leaving the stream ends the command.",
  events: "Every event of every task from now on, without an end.",
};

export function controlChapter(): string {
  const state = "/home/me/.local/state/piwork";
  const socket = controlSocket(findPlaces({ state }, { XDG_RUNTIME_DIR: "/run/user/1000" }));
  const callRows = Object.entries(CALLS).map(([name, words]) => {
    const { input, output } = calls[name as keyof typeof calls];
    return [`\`${name}\``, words, inline(input), inWords(output)];
  });
  const streamRows = Object.entries(STREAMS).map(([name, words]) => {
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

The panel's page uses the same calls, over HTTP on a port of 127.0.0.1: each request there has the header \`Authorization: Bearer <token>\`,
with the token behind the \`#\` of the panel's address, an \`Origin\` that is that address, and its \`Host\`. Any other is refused
(401, 403, 421) before it is read. \`GET\` gives the page's own files and, by links that \`evidence\` signs, reports.

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
