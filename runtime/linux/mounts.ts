import { type KernelCall, type KernelCalls, OPENED } from "./kernel-calls.ts";

const [SYS_MOUNT, SYS_UMOUNT2, SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR] = [165, 166, 428, 429, 442];

const FLAGS = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  private: 1 << 18,
  shared: 1 << 20,
} as const;
type MountFlag = keyof typeof FLAGS;
/** What a mount forbids; the other flags say where later mounts are seen. */
export type Restriction = "readonly" | "nosuid" | "nodev" | "noexec";

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
/** Linux's `struct mount_attr`: what to set, what to clear, propagation, a user namespace. */
const MOUNT_ATTR_BYTES = 32;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** What a process can mount and unmount where it lives. */
export class Mounts {
  readonly #kernel: KernelCalls;

  constructor(kernel: KernelCalls) {
    this.#kernel = kernel;
  }

  async mount(
    source: string,
    target: string,
    { type = "", flags = [], options = "" }: { type?: string; flags?: readonly MountFlag[]; options?: string },
  ): Promise<void> {
    await this.#kernel.call(SYS_MOUNT, source, target, type, bits(flags), options);
  }

  /**
   * Shows a directory at `target`, and there in whatever has a view of `target`, with these flags from the first moment on: the
   * mount is made ready before it is anywhere. What is mounted over it later is seen there too, and not in what it came from.
   * `source` is a descriptor of the process that calls the kernel, or a path as that process sees it.
   */
  async show(source: number | string, target: string, flags: readonly Restriction[]): Promise<void> {
    const [directory, path] = typeof source === "number" ? [source, ""] : [AT_FDCWD, source];
    await this.#kernel.sequence([
      [SYS_OPEN_TREE, directory, path, OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH],
      changeCall(["private"], flags),
      changeCall(["shared"], []),
      [SYS_MOVE_MOUNT, OPENED, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH],
    ]);
  }

  /** Takes the last mount off a place, now for whoever looks, and for good when nobody uses it any more. */
  async unmount(target: string): Promise<void> {
    await this.#kernel.call(SYS_UMOUNT2, target, MNT_DETACH | UMOUNT_NOFOLLOW);
  }
}

/** Changes the mount that was opened: where later mounts are seen, and what it forbids besides what it does already. */
function changeCall(propagation: readonly MountFlag[], restrictions: readonly Restriction[]): KernelCall {
  const attributes = Buffer.alloc(MOUNT_ATTR_BYTES);
  attributes.writeUInt32LE(bits(restrictions), 0);
  attributes.writeUInt32LE(bits(propagation), 16);
  return [SYS_MOUNT_SETATTR, OPENED, "", AT_EMPTY_PATH, attributes, MOUNT_ATTR_BYTES];
}

function bits(flags: readonly MountFlag[]): number {
  return flags.reduce((sum, flag) => sum | FLAGS[flag], 0);
}
