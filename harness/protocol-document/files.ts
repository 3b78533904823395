import { SESSION_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { SESSION_FILE, SESSION_HEAD_BYTES, sessionHead } from "../../runtime/protocol/session.ts";
import { fieldTable } from "./fields.ts";
import { size } from "./markdown.ts";

export function fileChapter(): string {
  return `
\`\`\`
$XDG_STATE_HOME/piwork/        or ~/.local/state/piwork, or --state
  records/<task id>.json       a task record
  records/active               the id of the active task
  tasks/<task id>/guest/       the only part of the state that a machine sees
    session/${SESSION_FILE}      the session
    outputs/ uploads/ home/
  network/<task id>.json       the destinations that a task may reach, if any
  providers.json               the providers of models, with their keys; mode 0600
  decisions/<task id>.json     what a task's agent may do without asking again
  policy/<task id>.json        what the agent asks for in addition
  trash/                       deleted tasks, until they are removed
  drafts/                      files that are being imported
  panel.json                   the panel's port and token
  evidence-key.pem             the key that signs the evidence of suites
\`\`\`

Records and sessions are replaced atomically (written beside the old file, synced, renamed). A record is a [task record](#task-record) in
JSON; records of earlier versions are read and written in the present one. A file that cannot be read is left as it is; its task is
left out, with a line in the log and a warning in \`status\`.

### Session file
The agent works on a copy at \`${SESSION_IN_SANDBOX}\`; after each completed turn taskd makes the copy the session file, of at most
${size(LIMITS.sessionBytes)}. The first line, of at most ${SESSION_HEAD_BYTES} bytes, is taskd's; all others are the agent's:

${fieldTable(sessionHead)}

A task is not opened if its session file cannot be read or belongs to another task: \`TASK_BOOTSTRAP_FAILED\` names the file.`;
}
