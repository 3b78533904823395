import { spawn } from "node:child_process";
import { openSync, read, readdirSync, readFileSync, write } from "node:fs";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";

const PORTS = "/sys/class/virtio-ports";
/** Between looks for a port that is not there yet, or at one that no host has open, in milliseconds; longer, the longer there is none. */
const PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;
const OPEN_DEADLINE_MS = 30_000;

/** A virtio-serial port to the host. Only root can open it. */
export class Port {
  readonly device: string;
  readonly #fd: number;
  /** what waits for the write under way, and what is resolved once it has been written too */
  #waiting: { pieces: Buffer[]; written: Promise<void> } | undefined;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(device: string) {
    this.device = device;
    this.#fd = openSync(device, "r+");
  }

  /** Waits for the port of this name: its bus number is not fixed, and opening can fail for a moment after it appears. */
  static async open(name: string): Promise<Port> {
    const deadline = Date.now() + OPEN_DEADLINE_MS;
    for (;;) {
      const device = findPort(name);
      try {
        if (device !== undefined) return new Port(device);
        if (Date.now() > deadline) throw new Error(`no virtio port is named ${name}`);
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await delay(PAUSE_MS);
    }
  }

  /** Calls `onBytes` with whatever comes from now on. By callback: each promise on the way would cost a clone some of its first answer. */
  listen(onBytes: (bytes: Buffer) => void): void {
    const buffer = Buffer.alloc(64 * 1024);
    let pause = PAUSE_MS;
    const hear = (error: Error | null, length: number) => {
      if (error !== null) throw error;
      // The driver answers 0 as long as no host has the other end open.
      if (length === 0) {
        setTimeout(next, pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        return;
      }
      pause = PAUSE_MS;
      // The copy matters: a held piece must not change when the buffer is filled again.
      onBytes(Buffer.from(buffer.subarray(0, length)));
      next();
    };
    const next = () => read(this.#fd, buffer, 0, buffer.length, null, hear);
    next();
  }

  /**
   * The same for much at once. The driver gives 4 KiB at a time: a process that does nothing but pass them on is far quicker at that,
   * and taskd has what came meanwhile in one piece.
   */
  listenToMuch(onBytes: (bytes: Buffer) => void): void {
    const reader = spawn("busybox", ["cat"], { stdio: [this.#fd, "pipe", "inherit"] });
    reader.stdout?.on("data", onBytes);
    reader.once("error", (error) => {
      throw error;
    });
    // It ends while no host has the other end open.
    reader.once("exit", () => setTimeout(() => this.listenToMuch(onBytes), LONGEST_PAUSE_MS));
  }

  /** Resolves once the host's side has taken the bytes, so that whoever waits for it reads no faster than the host. */
  send(bytes: Buffer): Promise<void> {
    if (this.#waiting === undefined) {
      const pieces: Buffer[] = [];
      // All that comes together leaves together, such as an answer and the events that follow from it: a write of its own costs each
      // of them a millisecond and more.
      const written = this.#lastWrite
        .then(() => nextTurn())
        .then(() => {
          this.#waiting = undefined;
          return this.#writeAll(Buffer.concat(pieces));
        });
      this.#waiting = { pieces, written };
      this.#lastWrite = written;
    }
    this.#waiting.pieces.push(bytes);
    return this.#waiting.written;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += await this.#write(bytes, at);
  }

  #write(bytes: Buffer, from: number): Promise<number> {
    return new Promise((resolve, reject) =>
      write(this.#fd, bytes, from, bytes.length - from, null, (error, count) =>
        error === null ? resolve(count) : reject(error),
      ),
    );
  }
}

function findPort(name: string): string | undefined {
  try {
    const port = readdirSync(PORTS).find((entry) => readFileSync(`${PORTS}/${entry}/name`, "utf8").trim() === name);
    return port && `/dev/${port}`;
  } catch {
    return undefined; // the class appears with its first port
  }
}
