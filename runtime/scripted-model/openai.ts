import type { Dialect } from "./dialect.ts";

/** What both APIs of OpenAI have in common. */
export const openAi: Pick<Dialect, "key" | "failure"> = {
  key: { header: "authorization", before: "Bearer " },
  failure(status, message, code) {
    const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
    return { error: { message, type, param: null, code: code ?? null } };
  },
};

/** What is written of how much to think. */
export function effortOf(written: string | null | undefined): string | null {
  return written === undefined || written === "none" ? null : written;
}
