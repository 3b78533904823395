import { appendFileSync, readFileSync } from "node:fs";

interface Entry {
  role: "user" | "assistant";
  text: string;
}

/** Most that is kept of an assistant's text, in characters. */
const KEPT_CHARACTERS = 4096;

/** What was said so far, in memory and, when there is a working copy, on disk. */
export class ProbeSession {
  #workingCopy: string | undefined;
  #entries: Entry[];

  /** Loads the working copy if it exists; throws when it is not one. */
  constructor(workingCopy: string | undefined) {
    this.#workingCopy = workingCopy;
    this.#entries = workingCopy === undefined ? [] : load(workingCopy);
  }

  /** Takes up another one; throws when there is none, and stays with this one. */
  switchTo(workingCopy: string): void {
    this.#entries = load(workingCopy);
    this.#workingCopy = workingCopy;
  }

  get userMessages(): string[] {
    return this.#entries.filter(({ role }) => role === "user").map(({ text }) => text);
  }

  /** The same as pi shows it. */
  get messages(): object[] {
    return this.#entries.map(({ role, text }) => ({ role, content: [{ type: "text", text }] }));
  }

  /** Keeps a turn. It is on its way to the disk when this returns, in one write: a copy of the file has all of a turn or nothing. */
  keep(message: string, answer: string): void {
    const turn: Entry[] = [
      { role: "user", text: message },
      { role: "assistant", text: answer.slice(0, KEPT_CHARACTERS) },
    ];
    this.#entries.push(...turn);
    if (this.#workingCopy === undefined) return;
    appendFileSync(this.#workingCopy, turn.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  }
}

function load(path: string): Entry[] {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const lines = content.split("\n");
  if (lines.pop() !== "") throw new Error("its last line is not complete");
  return lines.map((line, index) => parseEntry(line, index + 1));
}

function parseEntry(line: string, number: number): Entry {
  let entry: Partial<Entry> | null;
  try {
    entry = JSON.parse(line) as Partial<Entry> | null;
  } catch {
    throw new Error(`line ${number} is not JSON`);
  }
  const { role, text } = entry ?? {};
  if ((role !== "user" && role !== "assistant") || typeof text !== "string")
    throw new Error(`line ${number} is no message`);
  return { role, text };
}
