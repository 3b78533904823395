import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { speak } from "./output.ts";
import type { ProbeTurn } from "./turns.ts";

/** Bytes of a value that chance does not repeat. */
const BYTES = 16;
const SHELL = 'for _ in $(seq "$1"); do echo "$SRANDOM.$SRANDOM.$SRANDOM"; done';

/** So many values of each source of chance that an agent has, drawn in this very process where it can draw them itself. */
export function randomValues(_turn: ProbeTurn, count: string): string {
  const times = <T>(draw: () => T): T[] => Array.from({ length: Number(count) }, draw);
  const device = openSync("/dev/urandom", "r");
  try {
    return speak(
      JSON.stringify({
        math: times(Math.random),
        uuid: times(randomUUID),
        bytes: times(() => randomBytes(BYTES).toString("hex")),
        urandom: times(() => {
          const bytes = Buffer.alloc(BYTES);
          readSync(device, bytes, 0, BYTES, null);
          return bytes.toString("hex");
        }),
        shell: execFileSync("bash", ["-c", SHELL, "bash", count], { encoding: "utf8" }).trim().split("\n"),
      }),
    );
  } finally {
    closeSync(device);
  }
}
