import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { StepError } from "./step-error.ts";

/** One builder per cache at a time. The lock is the kernel's, so it ends with us however we end. */
export async function lockCache(file: string, signal: AbortSignal): Promise<AsyncDisposable> {
  // Holds the lock until its stdin ends. In a session of its own: Ctrl-C must not free the lock while we still clean up.
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const release = async () => {
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const exited = once(holder, "exit");
    holder.stdin.end();
    await exited;
  };
  try {
    await held(holder, file, signal);
  } catch (error) {
    // Still waiting for the lock, it would not notice that its stdin ended.
    holder.kill("SIGKILL");
    throw error;
  }
  return { [Symbol.asyncDispose]: release };
}

function held(holder: ChildProcess, file: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    holder.stderr?.on("data", (chunk) => {
      complaint += chunk;
    });
    holder.stdout?.once("data", () => resolve());
    holder.once("error", () =>
      reject(new StepError("flock is not installed", "Install it: sudo apt-get install util-linux")),
    );
    holder.once("exit", () => reject(new Error(complaint.trim() || `flock could not lock ${file}`)));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
