import { openSync, read, readdirSync, readFileSync, write } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter, type LineTooLong } from "../../runtime/protocol/lines.ts";

const PORTS = "/sys/class/virtio-ports";
/** Between looks for a port that is not there yet, or at one that no host reads, in milliseconds. */
const PAUSE_MS = 20;
const OPEN_DEADLINE_MS = 30_000;

/** The virtio-serial port to the host: lines in, lines out. Only root can open it. */
export class Port {
  /** path of the device */
  readonly device: string;
  readonly #fd: number;
  /** what waits for the write under way, and what is resolved once it has been written too */
  #waiting: { lines: string[]; written: Promise<void> } | undefined;
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

  /** Calls `onLine` with each line from now on. By callback: each promise on the way would cost a clone some of its first answer. */
  listen(onLine: (line: string | LineTooLong) => void): void {
    const splitter = new LineSplitter(LIMITS.lineBytes);
    const buffer = Buffer.alloc(64 * 1024);
    const hear = (error: Error | null, length: number) => {
      if (error !== null) throw error;
      // The driver answers 0 as long as no host has the other end open.
      if (length === 0) return void setTimeout(next, PAUSE_MS);
      // The copy matters: a held piece must not change when the buffer is filled again.
      for (const line of splitter.push(Buffer.from(buffer.subarray(0, length)))) onLine(line);
      next();
    };
    const next = () => read(this.#fd, buffer, 0, buffer.length, null, hear);
    next();
  }

  /** Resolves once the host's side has taken the line, so that whoever waits for it reads no faster than the host. */
  send(line: string): Promise<void> {
    if (this.#waiting === undefined) {
      const lines: string[] = [];
      // All that comes together leaves together: a write of its own costs each of them a millisecond and more.
      const written = this.#lastWrite.then(nextTurn).then(() => {
        this.#waiting = undefined;
        return this.#writeAll(Buffer.from(lines.join("")));
      });
      this.#waiting = { lines, written };
      this.#lastWrite = written;
    }
    this.#waiting.lines.push(`${line}\n`);
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

/** Whatever is said until then is said together: an answer, and the events that follow from it. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function findPort(name: string): string | undefined {
  try {
    const port = readdirSync(PORTS).find((entry) => readFileSync(`${PORTS}/${entry}/name`, "utf8").trim() === name);
    return port && `/dev/${port}`;
  } catch {
    return undefined; // the class appears with its first port
  }
}
