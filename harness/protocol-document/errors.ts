import { errorCode, PiworkError } from "../../runtime/protocol/errors.ts";
import { table } from "./markdown.ts";
import { valuesOf } from "./schemas.ts";

export function errorChapter(): string {
  const rows = valuesOf(errorCode).map(([code, meaning]) => {
    const { retryable } = new PiworkError(errorCode.parse(code), "").toBody();
    return [`\`${code}\``, retryable ? "yes" : "no", meaning];
  });
  return `No other code, and no errno, ever leaves taskd or the control API. Retryable: the same request may
succeed later; on the wire it needs a new id.

${table(["code", "retryable", "meaning"], rows)}`;
}
