import { createInterface } from "node:readline/promises";

/** What shells expect of a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Ctrl-C at a question; the message says what was not done. */
export class Interrupted extends Error {}

/** Asks yes or no on the terminal; no answer is no, and Ctrl-C rejects with `unless`. */
export async function confirm(
  question: string,
  unless: string,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<boolean> {
  const terminal = createInterface({ input, output: process.stderr, terminal: true });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.on("SIGINT", () => {
        process.stderr.write("\n");
        reject(new Interrupted(unless));
      });
      terminal.on("close", () => resolve("")); // Ctrl-D
      terminal.question(`${question} [y/N] `).then(resolve, reject);
    });
    return /^y(es)?$/i.test(answer);
  } finally {
    terminal.close();
  }
}

/** Until disposed, Ctrl-C says what the runtime does all the same, and ends this process. */
export function sayOnInterrupt(words: string): Disposable {
  const end = () => {
    process.stderr.write(`\npiwork: ${words}\n`);
    process.exit(INTERRUPTED);
  };
  process.on("SIGINT", end);
  return { [Symbol.dispose]: () => process.off("SIGINT", end) };
}
