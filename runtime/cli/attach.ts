import type { Command } from "commander";
import { type Client, connect, NoRuntime } from "../control/client.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { PlaceOptions } from "../state/places.ts";
import { Interrupted } from "./interrupt.ts";

/** The runtime that the options of this command line mean. */
export function attach(command: Command): Promise<Client> {
  return connect(command.optsWithGlobals<PlaceOptions>());
}

/** Between two looks at what keeps a command waiting, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

/** Says on stderr what the runtime is busy with, for as long as a command waits for it. */
export function sayWaiting(client: Client, otherwise?: string): Disposable {
  let said = "";
  const look = async () => {
    const status = await client.call("status", {}).catch(() => undefined); // the command itself says what is wrong
    const words = status?.starting ?? otherwise;
    if (status !== undefined && words !== undefined && words !== said)
      process.stderr.write(`piwork: waiting: ${words}\n`);
    said = words ?? said;
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints what a command found: for programs with --json, and otherwise in words. */
export function report<T>(found: T, { json }: { json?: boolean }, words: (found: T) => string): void {
  if (json) printJson(found);
  else print(words(found));
}

export function printJson(value: unknown): void {
  print(toJson(value));
}

/** JSON that a terminal does not obey either: what JSON itself leaves of that is escaped as well. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Says why a command failed. A task may have a word in it (its agent's last ones, for example), so it is not trusted. */
export function complain(error: unknown): void {
  if (error instanceof PiworkError) process.stderr.write(`piwork: ${plain(error.message)} (${error.code})\n`);
  else if (error instanceof NoRuntime || error instanceof Interrupted)
    process.stderr.write(`piwork: ${error.message}\n`);
  else process.stderr.write(`piwork: unexpected failure: ${error instanceof Error ? error.stack : String(error)}\n`);
}

/** Text that came out of a task, fit for a terminal: it must not move the cursor, retitle the window or fake our own words. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is shown instead of obeyed
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    character === "\r" ? "" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
