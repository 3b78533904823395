import { createWriteStream } from "node:fs";
import { relative } from "node:path";
import { finished } from "node:stream/promises";
import type { ProcessPromise } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";

const TICK_MS = 10_000;

/** A long command: its name at once, that it goes on every ten seconds, its output into `log`. Throws where it fails. */
export async function step(name: string, command: ProcessPromise, log: string): Promise<void> {
  const started = performance.now();
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
  console.log(`${name} …`);
  const ticking = setInterval(() => console.log(`${name}: ${seconds()} so far`), TICK_MS);
  try {
    const { exitCode, stdall } = await keepOutput(command, log);
    if (exitCode !== 0)
      throw new Error(
        `${name} failed with ${exitCode}; ${relative(REPOSITORY, log)} ends with:\n${stdall.slice(-2000)}`,
      );
    console.log(`${name}: done in ${seconds()}`);
  } finally {
    clearInterval(ticking);
  }
}

/** Runs a command with what it prints in `log`, as it comes. */
export async function keepOutput(command: ProcessPromise, log: string) {
  const file = createWriteStream(log, { flags: "a" });
  for (const stream of [command.stdout, command.stderr]) stream.on("data", (data: Buffer) => file.write(data));
  try {
    return await command.nothrow();
  } finally {
    file.end();
    await finished(file);
  }
}
