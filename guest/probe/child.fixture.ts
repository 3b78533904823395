import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa, type ResultPromise } from "execa";
import { LineSplitter } from "../../runtime/protocol/lines.ts";

const OPTIONS = { buffer: false, reject: false } as const;
/** Longest time until something that is waited for must have happened, in milliseconds. */
const DEADLINE_MS = 30_000;
/** A process that works in none of so many milliseconds rests; its work is counted in steps of 10. */
const REST_MS = 300;
/** Longest line that a test provokes, in bytes. */
const LONGEST_LINE = 16 * 1024 * 1024;

// biome-ignore lint/suspicious/noExplicitAny: lines are compared as a whole or field by field, never trusted
type Line = any;

/** What lines are, in order; those that are no JSON, as they came. */
export const types = (lines: Line[]) => lines.map((line) => line.type ?? line.unparsed);

const MESSAGE = ["message_start", "message_update", "message_end"];
export const WHOLE_TURN = ["response", "agent_start", "turn_start", ...MESSAGE, "turn_end", "agent_end"];

/** Replaces itself by a command that sees this machine, and the directory /work, which few machines have. */
const WITH_WORK = `set -e
mount -t tmpfs tmpfs /mnt
cd /mnt
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" .
  elif [ -d "$entry" ] && [ "$entry" != /mnt ]; then mkdir ".$entry"; mount --rbind "$entry" ".$entry"
  fi
done
mkdir -p work
/usr/sbin/pivot_root . .
umount --lazy .
cd /
exec "$@"`;
const IN_NAMESPACES = ["--user", "--map-root-user", "--mount", "sh", "-c", WITH_WORK, "sh"];

/** A probe in a process of its own, in which /work is a directory. Every line it says is kept. */
export class Probe implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly stdout: Readable;
  readonly #child: ResultPromise<typeof OPTIONS>;
  readonly #progress = new EventEmitter();
  #ending: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #nextId = 1;
  stderr = "";

  constructor(workingCopy?: string) {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const args = ["--import", import.meta.resolve("tsx"), main, ...(workingCopy === undefined ? [] : [workingCopy])];
    this.#child = execa("unshare", [...IN_NAMESPACES, process.execPath, ...args], OPTIONS);
    this.#child.stdin.on("error", () => {}); // it may be gone; its ending tells
    this.stdout = this.#child.stdout;
    const splitter = new LineSplitter(LONGEST_LINE);
    this.stdout.on("data", (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) this.lines.push(parse(String(line)));
      this.#progress.emit("change");
    });
    this.#child.stderr.on("data", (data: Buffer) => {
      this.stderr += data.toString("utf8");
    });
    this.#child.once("close", (code, signal) => {
      this.#ending = { code, signal };
      this.#progress.emit("change");
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Sends a request without waiting for anything, and gives its id. */
  send(request: object): string {
    const id = `test-${this.#nextId++}`;
    this.#child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    return id;
  }

  prompt(message: string): string {
    return this.send({ type: "prompt", message });
  }

  async ask(request: object): Promise<Line> {
    const id = this.send(request);
    return this.line(
      (line) => line.type === "response" && line.id === id,
      `the response to ${JSON.stringify(request)}`,
    );
  }

  /** A whole turn: everything said from the prompt's response to its agent_end, and its text. */
  async turn(message: string): Promise<{ lines: Line[]; text: string }> {
    const from = this.lines.length;
    this.prompt(message);
    await this.line((line) => line.type === "agent_end", `the end of '${message}'`, from);
    const lines = this.lines.slice(from);
    return { lines, text: lines.map((line) => line.assistantMessageEvent?.delta ?? "").join("") };
  }

  async line(is: (line: Line) => boolean, what: string, from = 0): Promise<Line> {
    return this.#until(() => this.lines.slice(from).find(is), what);
  }

  async ending(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#until(() => this.#ending, "its end");
  }

  /** Resolves when it has not worked for a while: it waits for something. */
  async rest(): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    // utime and stime, after a name that holds no space here
    const worked = () => readFileSync(`/proc/${this.pid}/stat`, "utf8").split(" ").slice(13, 15).join(" ");
    for (let before = ""; before !== worked(); await delay(REST_MS)) {
      if (Date.now() > deadline) assert.fail("the probe did not come to rest");
      before = worked();
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stdout.resume(); // a child that still writes to a full pipe has not closed it
    this.signal("SIGKILL");
    await this.ending();
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      const seen = look();
      if (seen !== undefined) return seen;
      await once(this.#progress, "change", { signal }).catch(() =>
        assert.fail(
          `the probe did not come to ${what}; it said ${JSON.stringify(this.lines).slice(-2000)} ${this.stderr}`,
        ),
      );
    }
  }
}

function parse(line: string): Line {
  try {
    return JSON.parse(line);
  } catch {
    return { unparsed: line };
  }
}
