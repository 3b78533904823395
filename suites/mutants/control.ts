import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** The API of the runtime, and what it keeps of tasks. */
export const control: readonly Mutant[] = [
  {
    id: "socket-for-all",
    file: "runtime/control/server.ts",
    find: "chmodSync(path, 0o600);",
    replace: "chmodSync(path, 0o666);",
    loses: "Other users of this host command the runtime.",
    noticedBy: "control.private",
  },
  {
    id: "inherited-names-are-calls",
    file: "runtime/control/server.ts",
    find: "if (Object.hasOwn(calls, name))",
    replace: "if (name in calls)",
    loses: "A call that does not exist fails with words that help nobody.",
    noticedBy: "control-api.path./v1/constructor",
  },
  {
    id: "bodies-without-end",
    file: "runtime/control/server.ts",
    find: "if (bytes > LIMITS.controlBodyBytes)",
    replace: "if (bytes > LIMITS.controlBodyBytes * 1000)",
    loses: "One request fills the memory of the runtime.",
    noticedBy: "control-api.body.over",
  },
  {
    id: "command-outlives-reader",
    file: "runtime/control/server.ts",
    find: `response.on("close", () => readerGone.abort());`,
    replace: "",
    loses:
      "A command whose user pressed Ctrl-C, or whose window closed, runs on in the task and goes on changing files.",
    noticedBy: "exec.reader-gone",
  },
  {
    id: "rules-of-active-task",
    file: "runtime/control/handlers.ts",
    find: "runtime.network.allow(book.find(task).id, policy)",
    replace: "runtime.network.allow(book.activeId ?? book.find(task).id, policy)",
    loses: "Hosts that are allowed or forbidden for one task are allowed or forbidden for whichever task is active.",
    ...unit("runtime/control/handlers.test.ts"),
  },
  {
    id: "permission-of-no-folder",
    file: "runtime/tasks/permissions.ts",
    find: "(decision) => decision.folder === folder",
    replace: "(decision) => decision.folder === null || decision.folder === folder",
    loses:
      "What was allowed for good while a task had only its outputs, such as deleting, is allowed unasked in the user's folder.",
    ...unit("runtime/tasks/permissions.test.ts"),
  },
  {
    id: "damaged-file-is-none",
    file: "runtime/state/whole-file.ts",
    find: `if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;`,
    replace: `if (cause instanceof SyntaxError || (cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;`,
    loses:
      "A damaged file of rules counts as none: the agent no longer asks for what the user had marked, and decisions are forgotten without a word.",
    ...unit("runtime/tasks/permissions.test.ts"),
  },
  {
    id: "two-runtimes",
    file: "runtime/linux/flock.mjs",
    find: `"--nonblock", "--exclusive"`,
    replace: `"--nonblock", "--shared"`,
    loses:
      "Two runtimes work on one state: each writes its records over those of the other, and two agents write one session.",
    ...unit("runtime/state/state-lock.test.ts"),
  },
  {
    id: "lost-turn-hidden",
    file: "runtime/tasks/book.ts",
    find: "lastSavedTurn(record.id) === turn.id",
    replace: "lastSavedTurn(record.id) !== turn.id",
    loses: "After a crash nobody is told that a turn was lost, and one that was saved is called lost.",
    ...unit("runtime/tasks/book.test.ts"),
  },
  {
    id: "deleted-stays",
    file: "runtime/tasks/trash.ts",
    find: "&& existsSync(kept))",
    replace: "&& !existsSync(kept))",
    loses: "Conversation, outputs, uploads and home of a deleted task stay on the disk for ever.",
    noticedBy: "task.delete",
  },
  {
    id: "no-turns",
    file: "runtime/tasks/turns.ts",
    find: "(this.#last.get(id) ?? Promise.resolve()).then(work)",
    replace: "Promise.resolve().then(work)",
    loses:
      "Opening, binding, stopping and deleting of one task run into each other: one that was stopped may come up behind it, or be deleted while it is written.",
    ...unit("runtime/tasks/turns.test.ts"),
  },
];
