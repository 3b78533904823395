import { HARMLESS_MODES } from "../linux/harmless-modes.ts";
import { assemble, deny } from "../linux/seccomp.ts";

/**
 * QEMU's filter: what a task cannot leave behind on the host through its files, whatever it made of the machine's kernel.
 * In a directory of the host that has the set-group-id bit, a task cannot make directories: its kernel asks for the bit.
 */
export function fileModes(): Buffer {
  // It opens files with modes in memory.
  return assemble([...HARMLESS_MODES, ...deny("ENOSYS", ["io_uring_setup", "io_uring_enter", "io_uring_register"])]);
}
