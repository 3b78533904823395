// @ts-check
// Node cannot lock files: util-linux's flock locks a descriptor that it inherits, and this process keeps the lock with it. The kernel
// releases the lock when the descriptor is closed, however this process ends.
// Plain JavaScript without packages, since set-up needs it before there are any.
import { spawn, spawnSync } from "node:child_process";
import { setImmediate as nextTurn } from "node:timers/promises";

/** The exit code of flock where another process has the lock. */
const HELD = 1;
/** Ctrl-C goes to the terminal's whole group: an ended flock would look like a failure to lock. (Types leave it out for spawnSync.) */
const OWN_SESSION = { detached: true };

/**
 * Takes an exclusive lock on an open file or directory; false where another process has it.
 * @param {number} fd
 */
export function tryLock(fd) {
  const { status, error, stderr } = spawnSync("flock", ["--nonblock", "--exclusive", "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    encoding: "utf8",
    ...OWN_SESSION,
  });
  if (error !== undefined) throw missing(error);
  return outcome(status, stderr);
}

/**
 * The same, but waits for the lock; false where another process has it for all of `seconds`.
 * @param {number} fd
 * @param {{ seconds?: number, signal?: AbortSignal }} patience
 * @returns {Promise<boolean>}
 */
export function waitForLock(fd, { seconds, signal } = {}) {
  const timeout = seconds === undefined ? [] : [`--timeout=${seconds}`];
  return new Promise((resolve, reject) => {
    const flock = spawn("flock", ["--exclusive", ...timeout, "3"], { stdio: ["ignore", "ignore", "pipe", fd], signal });
    const end = () => flock.kill();
    process.once("exit", end);
    let complaint = "";
    flock.stderr?.on("data", (data) => {
      complaint += data;
    });
    flock.on("error", (error) => reject(signal?.aborted ? signal.reason : missing(error)));
    flock.on("close", async (status, endedBy) => {
      process.off("exit", end);
      // Ctrl-C reaches flock as well: what it does to this process comes first.
      if (endedBy !== null) await nextTurn();
      if (signal?.aborted) return reject(signal.reason);
      try {
        resolve(outcome(status, complaint));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/**
 * @param {number | null} status
 * @param {string} complaint
 */
function outcome(status, complaint) {
  if (status !== 0 && status !== HELD) throw new Error(complaint.trim() || "flock was ended");
  return status === 0;
}

/** @param {Error} cause */
function missing(cause) {
  return new Error("'flock' could not be run; it is in Debian's util-linux", { cause });
}
