import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StreamInput } from "../../runtime/api/calls.ts";
import type { Client } from "../../runtime/control/client.ts";

/** What a script came to. */
export interface Ran {
  output: string;
  /** undefined where it was cut off: by its time limit, or with what ran it */
  code: number | undefined;
}

const MARK = "end-of-script";
/** Output that is kept of one script, in characters. */
export const LONGEST = 4 * 1024 * 1024;

/**
 * Takes scripts from files of its directory, one after the other, and runs each in a copy of itself. The mark keeps shells in
 * one directory from each other's scripts. Waiting and beginning do not start a program: that takes a tenth of a second where
 * a processor is emulated.
 */
const loop = (mark: string) => `place=$PWD; turn=0
mkfifo /tmp/.pause && exec 9<>/tmp/.pause; rm -f /tmp/.pause
echo "${MARK} ${mark} ready"
while :; do
  until [ -e "$place/.${mark}.$turn" ]; do read -r -t 0.03 -u 9; done
  IFS= read -r -d '' script <"$place/.${mark}.$turn"
  cd "$place"
  (eval "$script") </dev/null 2>&1 9<&-
  code=$?; echo; echo "${MARK} ${mark} $turn $code"
  turn=$((turn + 1))
done`;

/** A shell that stays, for scripts that would take less time than starting it. */
export class Shell implements AsyncDisposable {
  readonly #directory: string;
  readonly #mark = randomBytes(8).toString("hex");
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;
  #output = "";
  #turn = 0;
  #last: Promise<unknown> = Promise.resolve();
  #heard = () => {};
  #hasEnded = false;

  private constructor(client: Client, directory: string, enter: (script: string) => StreamInput<"exec">) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    this.#ended = this.#follow(client, enter(`exec bash -c '${loop(this.#mark).replaceAll("'", `'\\''`)}'`));
  }

  /** `directory` is where the shell works, as the host sees it. */
  static async start(
    client: Client,
    directory: string,
    enter: (script: string) => StreamInput<"exec">,
  ): Promise<Shell> {
    const shell = new Shell(client, directory, enter);
    if ((await shell.#until("ready", 30_000)) === undefined) {
      await shell[Symbol.asyncDispose]();
      throw new Error(`a shell did not start: ${shell.#output}`);
    }
    return shell;
  }

  get isUsable(): boolean {
    return !this.#hasEnded;
  }

  /** Runs a script, after those before it. One that takes too long costs the shell, and everything that it started. */
  run(script: string, deadlineMs: number): Promise<Ran> {
    const ran = this.#last.then(() => this.#run(script, deadlineMs));
    this.#last = ran.catch(() => {});
    return ran;
  }

  async #run(script: string, deadlineMs: number): Promise<Ran> {
    const turn = this.#turn++;
    this.#output = "";
    const file = join(this.#directory, `.${this.#mark}.${turn}`);
    writeFileSync(`${file}.draft`, script);
    renameSync(`${file}.draft`, file);
    const end = await this.#until(`${turn} `, deadlineMs);
    rmSync(file, { force: true });
    if (end !== undefined) return { output: end.before, code: Number(end.after) };
    await this[Symbol.asyncDispose]();
    return { output: this.#output, code: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#heard();
    await this.#ended;
  }

  /** What was said before the mark with these words, and the words after them; undefined where the mark does not come. */
  async #until(words: string, deadlineMs: number): Promise<{ before: string; after: string } | undefined> {
    const deadline = performance.now() + deadlineMs;
    const mark = `${MARK} ${this.#mark} ${words}`;
    for (;;) {
      const at = this.#output.indexOf(mark);
      const end = this.#output.indexOf("\n", at);
      if (at >= 0 && end >= 0)
        return { before: this.#output.slice(0, at), after: this.#output.slice(at + mark.length, end) };
      const left = deadline - performance.now();
      if (this.#hasEnded || left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async #follow(client: Client, input: StreamInput<"exec">): Promise<void> {
    try {
      for await (const item of client.stream("exec", input, this.#over.signal)) {
        if (item.type === "exit") break;
        if (this.#output.length < LONGEST) this.#output += Buffer.from(item.data, "base64").toString("latin1");
        this.#heard();
      }
    } catch {
      // It was called off, or has ended with its machine.
    }
    this.#hasEnded = true;
    this.#heard();
  }
}
