import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Bytes that are read at once. */
const PIECE = 16 * 1024 * 1024;

/** Whether these bytes stand anywhere in the memory of a process; of QEMU, that is the whole memory of its machine too. */
export function memoryHolds(pid: number, wanted: Buffer): boolean {
  const fd = openSync(`/proc/${pid}/mem`, "r");
  const buffer = Buffer.alloc(PIECE);
  try {
    for (const { from, to } of readableRanges(pid)) {
      // The next piece begins before the end of the last, for what lies across both.
      for (let at = from; at < to; at += PIECE - wanted.length) {
        const length = read(fd, buffer, at, Math.min(PIECE, to - at));
        if (buffer.subarray(0, length).includes(wanted)) return true;
      }
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

function readableRanges(pid: number): { from: number; to: number }[] {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, from, to, name] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+ *(.*)$/.exec(line) ?? [];
      // The kernel's own pages are at addresses that are no exact numbers here.
      if (from === undefined || to === undefined || name === "[vsyscall]") return [];
      return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }];
    });
}

/** What cannot be read, as a device's registers, is no memory. */
function read(fd: number, buffer: Buffer, at: number, length: number): number {
  try {
    return readSync(fd, buffer, 0, length, at);
  } catch (error) {
    if (["EIO", "EFAULT"].includes((error as NodeJS.ErrnoException).code ?? "")) return 0;
    throw error;
  }
}
