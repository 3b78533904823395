import { execaSync } from "execa";
import type { Accelerator } from "./arguments.ts";
import { QEMU } from "./hypervisor.ts";

/** From this version on QEMU finds a translated block by its physical address, wherever a process has it. */
const BY_PHYSICAL_ADDRESS = 8;

let known: boolean | undefined;

/**
 * Whether programs in a machine are loaded at the same addresses each time. Only an old QEMU that emulates the processor is given that:
 * it would translate each program anew, since it finds a translated block by its virtual address. Asks QEMU once for its version.
 */
export function needsFixedAddresses(accelerator: Accelerator): boolean {
  if (accelerator === "kvm") return false;
  known ??= translatesByVirtualAddress(execaSync(QEMU, ["--version"]).stdout);
  return known;
}

/** By what `--version` prints; a version that cannot be read gets random addresses. */
export function translatesByVirtualAddress(version: string): boolean {
  const major = /version (\d+)\./.exec(version)?.[1];
  return major !== undefined && Number(major) < BY_PHYSICAL_ADDRESS;
}
