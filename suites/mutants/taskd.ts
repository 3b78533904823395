import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** The supervisor in each machine, and the real agent. */
export const taskd: readonly Mutant[] = [
  {
    id: "unknown-task-is-the-first",
    file: "guest/taskd/supervisor.ts",
    find: `const task = tasks.get(taskId);
    if (task === undefined)`,
    replace: `const task = tasks.get(taskId) ?? [...tasks.values()][0];
    if (task === undefined)`,
    loses: "What was meant for a task that is not open happens in one that is.",
    noticedBy: "wire-ids.unknown",
  },
  {
    id: "commands-in-the-active-task",
    file: "guest/taskd/supervisor.ts",
    find: "await find(taskId).exec(requestId, request, sabotage)",
    replace: "await (active ?? find(taskId)).exec(requestId, request, sabotage)",
    loses: "A command for one task runs in another one, which is active, with that one's files.",
    noticedBy: "walls.exec-in-its-task",
  },
  {
    id: "root-for-everybody",
    file: "guest/taskd/supervisor.ts",
    find: "(unconfined || without !== undefined) && !unsafe",
    replace: "without !== undefined && !unsafe",
    loses: "In an ordinary machine a command can be run as its root, outside of every wall around tasks.",
    noticedBy: "wire-walls.unconfined",
  },
  {
    id: "session-written-in-place",
    file: "guest/taskd/files/share/share.ts",
    find: "writeAtomically(`${this.#session.path}/${SESSION_FILE}`, content);",
    replace:
      "writeAtomically(`${this.#session.path}/${SESSION_FILE}`, Buffer.alloc(0));\n    writeAtomically(`${this.#session.path}/${SESSION_FILE}`, content);",
    loses: "The conversation is lost where the disk is full, or the machine ends, in the middle of keeping it.",
    noticedBy: "disk.full-save",
  },
  {
    id: "foreign-session",
    file: "guest/taskd/session.ts",
    find: "head.taskId !== this.#taskId || ",
    replace: "",
    loses:
      "The conversation of another task that lies in a task's place is taken up, told to its agent, and saved as its own.",
    noticedBy: "session.broken",
  },
  {
    id: "unsaved-said-saved",
    file: "guest/taskd/conversation.ts",
    find: `      });
      return false;
`,
    replace: `      });
      return true;
`,
    loses: "A turn that could not be written counts as saved: the user learns only after a restart that it is gone.",
    noticedBy: "disk.full-save",
  },
  {
    id: "time-limit-ends-nothing",
    file: "guest/taskd/command.ts",
    find: `timedOut = true;
      this.kill();`,
    replace: "timedOut = true;",
    loses: "A command runs on in the task beyond the time limit that it was given.",
    noticedBy: "exec.time-limit",
  },
  {
    id: "same-request-done-twice",
    file: "guest/taskd/requests.ts",
    find: "if (known !== undefined) {",
    replace: "if (known?.isAnswered) {",
    loses: "A request that is sent again while it runs is done twice.",
    ...unit("guest/taskd/requests.test.ts"),
  },
  {
    id: "running-requests-forgotten",
    file: "guest/taskd/requests.ts",
    find: "if (!entry.isAnswered) continue;",
    replace: "",
    loses: "A request that is sent again is done twice, where many run at once.",
    ...unit("guest/taskd/requests.test.ts"),
  },
  {
    id: "unacknowledged-without-end",
    file: "guest/link/link.ts",
    find: "await this.#until(() => this.#unackedBytes <= LIMITS.unackedEventBytes);",
    replace: "",
    loses: "A task fills the machine's memory with what the host has not read yet.",
    ...unit("guest/link/link.test.ts"),
  },
  {
    id: "part-in-outputs",
    file: "guest/pi/permission.ts",
    find: "operands.every(isIn)",
    replace: "operands.some(isIn)",
    loses: "rm of one file in /outputs and one in the user's folder deletes both without a question.",
    ...unit("guest/pi/permission.test.ts"),
  },
  {
    id: "marked-by-link",
    file: "guest/pi/asked.ts",
    find: "isMarked(one, marked) || isMarked(real(one) ?? one, marked)",
    replace: "isMarked(one, marked)",
    loses:
      "The agent reads and writes a file that the user had marked, through a link or by its real path, without a question.",
    ...unit("guest/pi/asked.test.ts"),
  },
  {
    id: "cut-session-goes-on",
    file: "guest/pi/session-file.ts",
    find: `if (lines.pop() !== "") throw new Error("its last line is not complete");`,
    replace: "lines.pop();",
    loses:
      "A session whose end was cut off is taken up without its last message, and saved over what could have been mended.",
    ...unit("guest/pi/session-file.test.ts"),
  },
  {
    id: "goes-on-after-stop",
    file: "guest/pi/settled.ts",
    find: `session.clearQueue();
    session.abortCompaction();`,
    replace: "session.abortCompaction();",
    loses: "After Stop the agent goes on with what was said to it meanwhile, and changes files.",
    ...unit("guest/pi/settled.test.ts"),
  },
];
