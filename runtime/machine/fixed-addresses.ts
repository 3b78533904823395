import { execa, execaSync } from "execa";
import { PiworkError } from "../protocol/errors.ts";
import type { Accelerator } from "./arguments.ts";
import { QEMU } from "./hypervisor.ts";

/** From this version on QEMU finds a translated block by its physical address, wherever a process has it. */
const BY_PHYSICAL_ADDRESS = 8;
/** Time QEMU has to say its version, in milliseconds: it was seen to take 3 s on a busy host. */
const VERSION_DEADLINE_MS = 30_000;

let known: boolean | undefined;

/** Asks QEMU for its version, once. A runtime does so before its first machine, so that no machine waits for it synchronously. */
export async function askForFixedAddresses(program = QEMU, timeout = VERSION_DEADLINE_MS): Promise<void> {
  if (known !== undefined) return;
  const { stdout, failed, shortMessage } = await execa(program, ["--version"], { timeout, reject: false });
  if (failed) throw new PiworkError("TASK_BOOTSTRAP_FAILED", `QEMU does not say its version: ${shortMessage}`);
  known = translatesByVirtualAddress(stdout);
}

/**
 * Whether programs in a machine are loaded at the same addresses each time. Only an old QEMU that emulates the processor is given that:
 * it would translate each program anew, since it finds a translated block by its virtual address.
 */
export function needsFixedAddresses(accelerator: Accelerator): boolean {
  if (accelerator === "kvm") return false;
  known ??= translatesByVirtualAddress(execaSync(QEMU, ["--version"], { timeout: VERSION_DEADLINE_MS }).stdout);
  return known;
}

/** By what `--version` prints; a version that cannot be read gets random addresses. */
export function translatesByVirtualAddress(version: string): boolean {
  const major = /version (\d+)\./.exec(version)?.[1];
  return major !== undefined && Number(major) < BY_PHYSICAL_ADDRESS;
}
