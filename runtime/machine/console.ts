import { createWriteStream, type WriteStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** What is kept of one machine's console, in bytes; a guest could otherwise fill the host's disk. */
const LOG_BYTES = 16 * 1024 * 1024;

/** A line that says why, although others come after it. */
const ALARM = /Kernel panic|piwork: (FAILED|taskd ended)/;

/** The serial console of a machine: into a file, and its last line for whoever asks why nothing happens. */
export class Console {
  readonly #file: WriteStream | undefined;
  readonly #decoder = new StringDecoder("utf8");
  #written = 0;
  #line = "";
  #lastLine = "";
  #alarm: string | undefined;

  /** Without a path only the last line is kept. */
  constructor(path?: string) {
    if (path === undefined) return;
    this.#file = createWriteStream(path, { flags: "a", mode: 0o600 });
    // A full disk must not end the machine, and the boot deadline needs no file.
    this.#file.on("error", () => {});
  }

  write(chunk: Buffer): void {
    if (this.#written < LOG_BYTES) {
      this.#written += chunk.length;
      this.#file?.write(chunk);
      if (this.#written >= LOG_BYTES)
        this.#file?.write(`\n(the console's log ends here: ${LOG_BYTES} bytes are kept)\n`);
    }
    const lines = (this.#line + this.#decoder.write(chunk)).split(/\r?\n/);
    this.#line = (lines.pop() ?? "").slice(-500);
    this.#lastLine = lines.findLast((line) => line.trim() !== "") ?? this.#lastLine;
    this.#alarm = lines.findLast((line) => ALARM.test(line)) ?? this.#alarm;
  }

  /** The last thing the machine said, or the alarm it raised, without control characters. */
  get lastLine(): string {
    const line = this.#alarm ?? (this.#line.trim() === "" ? this.#lastLine : this.#line);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    return line.replace(/\u001b\[[0-9;?]*[a-zA-Z]|[\u0000-\u001f\u007f]/g, "").slice(0, 300) || "(nothing yet)";
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (file !== undefined) await new Promise<void>((resolve) => file.end(resolve));
  }
}
