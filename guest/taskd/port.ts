import { readdirSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
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
  readonly #file: FileHandle;
  /** what waits for the write under way, and what is resolved once it has been written too */
  #waiting: { lines: string[]; written: Promise<void> } | undefined;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(device: string, file: FileHandle) {
    this.device = device;
    this.#file = file;
  }

  /** Waits for the port of this name: its bus number is not fixed, and opening can fail for a moment after it appears. */
  static async open(name: string): Promise<Port> {
    const deadline = Date.now() + OPEN_DEADLINE_MS;
    for (;;) {
      const device = findPort(name);
      try {
        if (device !== undefined) return new Port(device, await open(device, "r+"));
        if (Date.now() > deadline) throw new Error(`no virtio port is named ${name}`);
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await delay(PAUSE_MS);
    }
  }

  async *lines(): AsyncGenerator<string | LineTooLong> {
    const splitter = new LineSplitter(LIMITS.lineBytes);
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, null);
      // The driver answers 0 as long as no host has the other end open.
      if (bytesRead === 0) await delay(PAUSE_MS);
      // The copy matters: a held piece must not change when the buffer is filled again.
      else yield* splitter.push(Buffer.from(buffer.subarray(0, bytesRead)));
    }
  }

  /** Resolves once the host's side has taken the line, so that whoever waits for it reads no faster than the host. */
  send(line: string): Promise<void> {
    if (this.#waiting === undefined) {
      const lines: string[] = [];
      // All that comes together leaves together: a write of its own costs each of them a millisecond and more.
      const written = this.#lastWrite.then(() => {
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
    let offset = 0;
    while (offset < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, offset, bytes.length - offset, null);
      offset += bytesWritten;
    }
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
