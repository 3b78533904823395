import * as z from "zod";

/** The only error codes that ever leave taskd or the control API. */
export const errorCode = z.enum([
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
]);
export type ErrorCode = z.infer<typeof errorCode>;

export const errorBody = z.strictObject({
  code: errorCode,
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});
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

/** Turns a failed schema check into the refusal a caller sees: where it is wrong, never what was sent. */
export function invalidRequest(what: string, error: z.ZodError): PiworkError {
  const places = error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "(whole)"}: ${issue.message}`);
  return new PiworkError("INVALID_REQUEST", `${what} is not valid: ${places.join("; ").slice(0, 500)}`);
}
