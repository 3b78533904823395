import * as z from "zod";

/** The only error codes that ever leave taskd or the control API. */
export const errorCode = z
  .enum([
    "INVALID_REQUEST",
    "TASK_NOT_FOUND",
    "TASK_NOT_READY",
    "TASK_BUSY",
    "TASK_BOOTSTRAP_FAILED",
    "PI_PROCESS_DEAD",
    "SWITCH_TIMEOUT",
    "WORKSPACE_POLICY_VIOLATION",
    "LIMIT_EXCEEDED",
    "INTERNAL_ERROR",
  ])
  .meta({
    title: "error code",
    description: "Kind of failure; see [error codes](#error-codes).",
    values: {
      INVALID_REQUEST: "The request does not match this document, or makes no sense in the present state.",
      TASK_NOT_FOUND: "No task has this id, or no task is active and the request names none.",
      TASK_NOT_READY: "The task, its machine or the runtime is not running at the moment.",
      TASK_BUSY: "Another operation on the task has to end first.",
      TASK_BOOTSTRAP_FAILED: "A machine, the task's files or an agent could not be started.",
      PI_PROCESS_DEAD: "The agent (of any kind) or its machine died or stopped answering.",
      SWITCH_TIMEOUT: "An answer or an end did not come in time. The requested change may still happen.",
      WORKSPACE_POLICY_VIOLATION: "The task may not have this folder, file or right.",
      LIMIT_EXCEEDED: "One of the limits below was exceeded, or a disk is full. The link stays usable.",
      INTERNAL_ERROR: "An unforeseen failure. The log has the details, the answer has not.",
    },
  });
export type ErrorCode = z.infer<typeof errorCode>;

export const errorBody = z
  .strictObject({
    code: errorCode,
    message: z.string().describe("Sentences for a person: what happened, and what to do next."),
    retryable: z.boolean().describe("Whether the same request may succeed later."),
    details: z.record(z.string(), z.unknown()).optional().describe("Further facts for a program."),
  })
  .meta({ title: "error", description: "Reason of a refusal or failure." });
export type ErrorBody = z.infer<typeof errorBody>;

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(["TASK_NOT_READY", "TASK_BUSY", "PI_PROCESS_DEAD", "SWITCH_TIMEOUT"]);

/** An error with a code of the contract and a sentence that says what to do. */
export class PiworkError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "PiworkError";
    this.code = code;
    this.details = options.details;
  }

  toBody(): ErrorBody {
    const body = { code: this.code, message: this.message, retryable: RETRYABLE.has(this.code) };
    return this.details === undefined ? body : { ...body, details: this.details };
  }

  static fromBody(body: ErrorBody): PiworkError {
    return new PiworkError(body.code, body.message, body.details === undefined ? {} : { details: body.details });
  }
}

/** What a boundary answers for any thrown value: ours as it is, everything else without its insides. */
export function toErrorBody(error: unknown, doing: string): ErrorBody {
  if (error instanceof PiworkError) return error.toBody();
  return new PiworkError("INTERNAL_ERROR", `Unexpected failure while ${doing}; the log has the details.`).toBody();
}

/** The refusal of a folder, file or right that a task may not have, or a runtime cannot use. */
export function policyViolation(words: string, cause?: unknown): PiworkError {
  return new PiworkError("WORKSPACE_POLICY_VIOLATION", words, { cause });
}

/** Turns a failed schema check into the refusal a caller sees: where it is wrong, never what was sent. */
export function invalidRequest(what: string, error: z.ZodError): PiworkError {
  const places = error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "(whole)"}: ${issue.message}`);
  return new PiworkError("INVALID_REQUEST", `${what} is not valid: ${places.join("; ").slice(0, 500)}`);
}
