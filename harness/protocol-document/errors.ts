import { type ErrorCode, PiworkError } from "../../runtime/protocol/errors.ts";
import { table } from "./markdown.ts";

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

export function errorChapter(): string {
  const rows = Object.entries(ERRORS).map(([code, words]) => [
    `\`${code}\``,
    new PiworkError(code as ErrorCode, "").toBody().retryable ? "yes" : "no",
    words,
  ]);
  return `No other code, and no errno, ever leaves taskd or the control API. Retryable: the same request may
succeed later; on the wire it needs a new id.

${table(["code", "retryable", "meaning"], rows)}`;
}
