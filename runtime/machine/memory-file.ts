import { closeSync, constants, openSync } from "node:fs";
import { KernelCalls } from "../linux/kernel-calls.ts";

const [SYS_CLOSE, SYS_FCNTL, SYS_FTRUNCATE, SYS_MEMFD_CREATE] = [3, 72, 77, 319];
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** no more seals, no other size, no writing */
const ALL_SEALS = 1 | 2 | 4 | 8;

/**
 * Memory of the host as a file without a name, which is gone with the last process that has it. Sealed, it can be mapped and
 * nobody can change it, though QEMU opens it for writing: one machine that was taken over does not reach the others by it.
 */
export class MemoryFile implements Disposable {
  readonly fd: number;
  readonly #kernel: KernelCalls;
  readonly #number: number;

  private constructor(kernel: KernelCalls, number: number) {
    this.#kernel = kernel;
    this.#number = number;
    this.fd = openSync(`/proc/${kernel.pid}/fd/${number}`, constants.O_RDWR);
  }

  static async make(bytes: number): Promise<MemoryFile> {
    const kernel = new KernelCalls("piwork.memory");
    try {
      const number = await kernel.call(SYS_MEMFD_CREATE, "piwork-template", MFD_CLOEXEC | MFD_ALLOW_SEALING);
      await kernel.call(SYS_FTRUNCATE, number, bytes);
      return new MemoryFile(kernel, number);
    } catch (error) {
      kernel.close();
      throw error;
    }
  }

  /** From now on nobody can write to it. */
  async seal(): Promise<void> {
    await this.#kernel.sequence([
      [SYS_FCNTL, this.#number, F_ADD_SEALS, ALL_SEALS],
      [SYS_CLOSE, this.#number],
    ]);
    this.#kernel.close();
  }

  [Symbol.dispose](): void {
    this.#kernel.close();
    closeSync(this.fd);
  }
}
