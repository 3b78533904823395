import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { $, type ProcessPromise } from "zx";
import { bundleProbe } from "../../guest/image/bundles.ts";
import { atExit } from "../../harness/host/at-exit.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";

/** The probe as one file, as the guest image has it, for processes of the host. */
export class HostProbe implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "piwork-probe-"));
  readonly #forget = atExit(() => this.#remove());

  private constructor() {}

  static async make(): Promise<HostProbe> {
    const probe = new HostProbe();
    await bundleProbe(REPOSITORY, join(probe.#directory, "probe.mjs"));
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
  readonly #running: ProcessPromise;
  readonly #forget = atExit(() => this.#running.child?.kill("SIGKILL"));
  #over: Error | undefined;
  #turn: { said: string; resolve: (said: string) => void; reject: (error: Error) => void } | undefined;

  constructor(command: readonly string[]) {
    this.#running = $({ stdio: ["pipe", "pipe", "ignore"], nothrow: true })`exec ${command}`;
    this.#running.stdin.on("error", () => {}); // its end says why
    void this.#running.then(({ signal, exitCode }) => {
      this.#over = new Error(`${command[0]} ended: ${signal ?? `code ${exitCode}`}`);
      this.#turn?.reject(this.#over);
    });
    this.pid = this.#running.pid ?? 0;
    createInterface(this.#running.stdout).on("line", (line) => this.#receive(JSON.parse(line)));
  }

  /** What it says to a prompt, once its turn has ended. */
  ask(message: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over);
      this.#turn = { said: "", resolve, reject };
      this.#running.stdin.write(`${JSON.stringify({ id: "1", type: "prompt", message })}\n`);
    });
  }

  #receive(line: { type: string; assistantMessageEvent?: { delta?: string } }): void {
    if (this.#turn === undefined) return;
    if (line.type === "message_update") this.#turn.said += line.assistantMessageEvent?.delta ?? "";
    if (line.type === "agent_end") this.#turn.resolve(this.#turn.said);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#turn = undefined;
    this.#running.child?.kill("SIGKILL");
    await this.#running;
    this.#forget();
  }
}
