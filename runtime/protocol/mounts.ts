import type { Call, KernelCalls } from "./kernel-calls.ts";

const [SYS_MOUNT, SYS_UMOUNT2] = [165, 166];

const FLAGS = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  bind: 4096,
  move: 8192,
  private: 1 << 18,
  shared: 1 << 20,
} as const;
export type MountFlag = keyof typeof FLAGS;

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** What a process can mount and unmount where it lives. */
export class Mounts {
  readonly #kernel: KernelCalls;

  constructor(kernel: KernelCalls) {
    this.#kernel = kernel;
  }

  async mount(...mounting: Parameters<typeof mountCall>): Promise<void> {
    await this.#kernel.call(...mountCall(...mounting));
  }

  /**
   * Shows the directory `source` at `target`, and there in whatever has a view of `target`, with these flags from the first moment
   * on: it is made ready at `bench`, which nobody else sees, and then moved. What is mounted over it later is seen there too, and
   * not in what it came from.
   */
  async show(source: string, bench: string, target: string, flags: readonly MountFlag[]): Promise<void> {
    const calls = [
      mountCall(source, bench, { flags: ["bind"] }),
      mountCall("", bench, { flags: ["private"] }),
      mountCall("", bench, { flags: ["bind", "remount", ...flags] }),
      mountCall("", bench, { flags: ["shared"] }),
      mountCall(bench, target, { flags: ["move"] }),
    ];
    try {
      await this.#kernel.sequence(calls);
    } catch (error) {
      await this.unmount(bench).catch(() => {}); // it may not have come as far as that
      throw error;
    }
  }

  /** Takes the last mount off a place, now for whoever looks, and for good when nobody uses it any more. */
  async unmount(target: string): Promise<void> {
    await this.#kernel.call(SYS_UMOUNT2, target, MNT_DETACH | UMOUNT_NOFOLLOW);
  }
}

function mountCall(
  source: string,
  target: string,
  { type = "", flags = [], options = "" }: { type?: string; flags?: readonly MountFlag[]; options?: string },
): Call {
  const bits = flags.reduce((sum, flag) => sum | FLAGS[flag], 0);
  return [SYS_MOUNT, source, target, type, bits, options];
}
