import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { atExit } from "./at-exit.ts";

/** Why a check that uses one is skipped for an ordinary user. */
export const SMALL_DISK = "only root mounts a small file system on the host, to fill it";

/** A file system of a few megabytes that can be filled to the last byte and emptied again. */
export class SmallDisk implements Disposable {
  readonly path: string;
  readonly #forget: () => void;

  constructor(path: string, megabytes: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    $.sync`mount -t tmpfs -o size=${megabytes}m,mode=0700 piwork-suite ${path}`;
    this.#forget = atExit(() => this.#unmount());
  }

  fill(): void {
    const fd = openSync(this.#ballast, "a");
    try {
      for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) fillWith(fd, Buffer.alloc(size));
    } finally {
      closeSync(fd);
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  get #ballast(): string {
    return join(this.path, "ballast");
  }

  #unmount(): void {
    $.sync`umount --lazy ${this.path}`;
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#unmount();
  }
}

/** Writes the same bytes until no more fit. */
function fillWith(fd: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(fd, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
