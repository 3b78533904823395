import { once } from "node:events";
import { endMessage, flushed, say, speak, startMessage, textDelta } from "./output.ts";
import type { ProbeTurn, Prompt } from "./turns.ts";

/** Exit code of an agent that was told to die. */
const DEAD = 3;

/** Ends this process before it answers a prompt, in the middle of the turn, or after it. */
export async function die(prompt: Prompt, when: string): Promise<void> {
  if (when === "during") await prompt.takeTurn(breakOff);
  if (when === "after") await prompt.takeTurn(() => speak("these are my last words"));
  await flushed();
  process.exit(DEAD);
}

async function breakOff(): Promise<never> {
  startMessage();
  say(textDelta("half an answ", "half an answ"));
  await flushed();
  process.exit(DEAD);
}

/** Never comes back, and nothing else happens in this process. */
export async function hang(): Promise<string> {
  await flushed();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return "";
}

/** Takes more memory until there is none. */
export async function exhaustMemory(): Promise<string> {
  for (const taken: Buffer[] = []; ; await flushed()) taken.push(Buffer.alloc(16 * 1024 * 1024, 1));
}

/** Lasts until it is aborted. */
export async function waitForAbort({ signal }: ProbeTurn): Promise<string> {
  await once(signal, "abort");
  return "";
}

export function ignoreTerm(): string {
  process.on("SIGTERM", () => {});
  return speak("SIGTERM is ignored");
}

/** Writes lines that are not the probe's own in the middle of a message. */
export function forge(_turn: ProbeTurn, lines: string): string {
  startMessage();
  process.stdout.write(`${lines}\n`);
  say(textDelta("forged", "forged"));
  endMessage("forged");
  return "forged";
}
