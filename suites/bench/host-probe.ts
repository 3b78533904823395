import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { build, stop } from "esbuild";
import { atExit } from "../../harness/piwork.ts";
import { REPOSITORY } from "../../runtime/places.ts";

/** The probe as one file, as the guest image has it, for processes of the host. */
export class HostProbe implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "piwork-probe-"));
  readonly #forget = atExit(() => this.#remove());

  private constructor() {}

  static async make(): Promise<HostProbe> {
    const probe = new HostProbe();
    const entry = { entryPoints: ["guest/probe/main.ts"], outfile: join(probe.#directory, "probe.mjs") };
    await build({ ...entry, absWorkingDir: REPOSITORY, bundle: true, platform: "node", format: "esm" });
    await stop(); // its process would keep ours from ending
    return probe;
  }

  /** Without any walls. */
  startPlain(): ProbeProcess {
    return new ProbeProcess([process.execPath, ...this.#program("plain")]);
  }

  /** As agents are often started: everything readable, one folder writable, all namespaces. */
  startInBubblewrap(): ProbeProcess {
    const walls = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"];
    const folder = ["--bind", this.#directory, this.#directory];
    return new ProbeProcess(["bwrap", ...walls, ...folder, process.execPath, ...this.#program("bubblewrap")]);
  }

  /** The session is kept as in a task: it is part of what a turn costs. */
  #program(session: string): string[] {
    return [join(this.#directory, "probe.mjs"), join(this.#directory, `${session}.jsonl`)];
  }

  #remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#remove();
  }
}

/** One probe on the host, spoken to by its stdin and stdout. */
class ProbeProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  readonly #forget = atExit(() => this.#child.kill("SIGKILL"));
  #over: Error | undefined;
  #turn: { said: string; resolve: (said: string) => void; reject: (error: Error) => void } | undefined;

  constructor([program, ...words]: readonly [string, ...string[]]) {
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "ignore"] });
    this.#child.stdin.on("error", () => {}); // its end says why
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", resolve).once("close", (code, signal) => resolve(signal ?? `code ${code}`));
    });
    void this.#ended.then((how) => {
      this.#over = new Error(`${program} ended: ${how}`);
      this.#turn?.reject(this.#over);
    });
    this.pid = this.#child.pid ?? 0;
    createInterface(this.#child.stdout).on("line", (line) => this.#receive(JSON.parse(line)));
  }

  /** What it says to a prompt, once its turn has ended. */
  ask(message: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over);
      this.#turn = { said: "", resolve, reject };
      this.#child.stdin.write(`${JSON.stringify({ id: "1", type: "prompt", message })}\n`);
    });
  }

  #receive(line: { type: string; assistantMessageEvent?: { delta?: string } }): void {
    if (this.#turn === undefined) return;
    if (line.type === "message_update") this.#turn.said += line.assistantMessageEvent?.delta ?? "";
    if (line.type === "agent_end") this.#turn.resolve(this.#turn.said);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#turn = undefined;
    this.#child.kill("SIGKILL");
    await this.#ended;
    this.#forget();
  }
}
