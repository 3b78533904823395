import { execa, type ResultPromise } from "execa";
import { StepError } from "./step-error.ts";

const OPTIONS = { detached: true, reject: false } as const;

/** One builder per cache at a time. The lock is the kernel's, so it ends with us however we end. */
export async function lockCache(file: string, signal: AbortSignal): Promise<AsyncDisposable> {
  // Holds the lock until its stdin ends. In a session of its own: Ctrl-C must not free the lock while we still clean up.
  const holder = execa("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat"], OPTIONS);
  const release = async () => {
    holder.stdin.end();
    await holder;
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

function held(holder: ResultPromise<typeof OPTIONS>, file: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    holder.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    holder.stdout.once("data", () => resolve());
    holder.once("error", () =>
      reject(new StepError("flock is not installed", "Install it: sudo apt-get install util-linux")),
    );
    holder.once("exit", () => reject(new Error(complaint.trim() || `flock could not lock ${file}`)));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
