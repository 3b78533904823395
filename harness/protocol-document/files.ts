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
  tasks/<task id>/guest/       all that a machine ever sees of the state
    session/${SESSION_FILE}      the session
    outputs/ uploads/ home/
  network/<task id>.json       what a task may reach, where that is anything
  providers.json               the providers of models, with their keys; nobody else may read it
  decisions/<task id>.json     what a task's agent may do without being asked again
  policy/<task id>.json        what its agent asks for as well
  trash/                       deleted tasks, until they are removed
  drafts/                      files that are imported, until they are whole
  panel.json                   the panel's port and token
  evidence-key.pem             the key that signs the evidence of suites
\`\`\`

A record and a session are replaced whole (written beside the old one, synced, renamed). A record is a [task record](#task-record) in JSON; one of
the version before is read, and written anew in the present one. A file that cannot be read is left as it is, and its task is left out
with a line in the log and a warning in \`status\`.

### Session file
The agent works on a copy at \`${SESSION_IN_SANDBOX}\`; after each completed turn taskd makes it the session file. That has at most
${size(LIMITS.sessionBytes)}. Every line but the first is the agent's own. The first, at most ${SESSION_HEAD_BYTES} bytes, is taskd's:

${fieldTable(sessionHead)}

A task whose session file is not its own, or cannot be read, is not opened: \`TASK_BOOTSTRAP_FAILED\` says which file it is.`;
}
