import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { unusable } from "../state/places.ts";
import { redactText } from "./redaction.ts";

type Level = "info" | "warn" | "error";
type Facts = Record<string, unknown>;

/** Names whose values never reach the log, at any depth. */
const SECRET = /key|token|secret|password|authorization|cookie/i;
/** Longest text kept of one value, in characters. */
const LONGEST = 2_000;

/** A log that gets longer is kept as the previous one, and begun anew. */
const LOG_BYTES = 32 * 1024 * 1024;

/** `piwork.log`: one JSON object a line. What was before it, of this runtime or of the last one, is kept as `piwork.previous.log`. */
export class Log {
  readonly path: string;
  readonly info = (message: string, facts?: Facts) => this.#write("info", message, facts);
  readonly warn = (message: string, facts?: Facts) => this.#write("warn", message, facts);
  readonly error = (message: string, facts?: Facts) => this.#write("error", message, facts);
  #fd: number;
  #bytes = 0;
  #lost = 0;

  constructor(directory: string) {
    this.path = join(directory, "piwork.log");
    try {
      this.#fd = begin(this.path);
    } catch (error) {
      throw unusable(directory, "--logs", error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(level: Level, message: string, facts: Facts = {}): void {
    const line = JSON.stringify({
      time: new Date().toISOString(),
      level,
      message: redactText(message),
      ...(redact(facts) as object),
    });
    try {
      this.#bytes += writeSync(this.#fd, `${line.replace(/[\u007f-\u009f]/g, escapeControl)}\n`);
      if (this.#bytes > LOG_BYTES) {
        const full = this.#fd;
        this.#fd = begin(this.path);
        this.#bytes = 0;
        closeSync(full);
      }
    } catch {
      // A full disk must not end the runtime and its tasks; the next line that fits tells how many are missing.
      this.#lost++;
      return;
    }
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.warn("log lines could not be written", { lost });
  }
}

/** JSON leaves these as they are, and some terminals obey them. */
function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function begin(path: string): number {
  keepPrevious(path);
  return openSync(path, "w", 0o600);
}

export function keepPrevious(path: string): void {
  try {
    renameSync(path, path.replace(/\.log$/, ".previous.log"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(dirname(path), "--logs", error);
  }
}

/** A copy that is fit for a log: secrets by name and by what they look like, errors with their stack, long texts cut. */
export function redact(value: unknown): unknown {
  if (value instanceof Error)
    return redact({
      name: value.name,
      text: value.message,
      stack: value.stack,
      ...(value.cause === undefined ? {} : { cause: value.cause }),
    });
  if (typeof value === "string") {
    // Before it is cut: half of a secret looks like none.
    const text = redactText(value);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
  }
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, SECRET.test(name) ? "[redacted]" : redact(inner)]),
  );
}
