import { spawn } from "node:child_process";
import { constants } from "node:os";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import type { ProcessTree } from "./sandbox.ts";

/** Runs a command as the machine's root, outside of every wall. Only for machines that are there to be attacked. */
export function runUnconfined([program = "", ...words]: readonly string[]): ProcessTree {
  // A group of its own, so that what the command started ends with it.
  const child = spawn(program, words, { stdio: "pipe", cwd: "/", detached: true });
  const { stdin, stdout, stderr } = child;
  stdin.on("error", () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    child.once("error", (cause) =>
      reject(new PiworkError("INVALID_REQUEST", `'${program}' cannot be run in the machine.`, { cause })),
    );
  });
  ended.catch(() => {});
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  return { stdin, stdout, stderr, ended, kill };
}
