import { PiworkError } from "../protocol/errors.ts";

/** The command line around a QEMU that has no namespaces: all it does is die with the runtime, and gain nothing. */
export function unconfined(command: readonly string[]): string[] {
  return ["--pdeathsig", "KILL", "--no-new-privs", "--", ...command];
}

/** Without a user namespace QEMU is who runs the runtime, and so would be whoever breaks out of a machine. */
export function refuseUnconfinedRoot(uid = process.getuid?.()): void {
  if (uid !== 0) return;
  throw new PiworkError(
    "TASK_BOOTSTRAP_FAILED",
    "With --unconfined-qemu, QEMU would be root on this host, and so would whoever breaks out of a machine. Run it as an ordinary user.",
  );
}
