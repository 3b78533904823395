import { join } from "node:path";
import { NOTHING_CHOSEN } from "../../runtime/machine/rehearsal.ts";
import { UNSAFE_WORD } from "../../runtime/protocol/rpc.ts";
import { BareMachine } from "../machines/bare-machine.ts";
import { KNOWN_FILES, RawLink } from "../machines/raw-link.ts";
import { makeSandbox, type Sandbox } from "../runtimes/piwork.ts";

/** The task beside which the machine's root acts. */
const ROOT = "root-task";

/** What a request came to: "accepted" or the code of the refusal, and its sentence. */
export interface WarmAnswer {
  code: string;
  message: string;
}

/** A machine in which agents wait for tasks, and whose root can get at them meanwhile. */
export class WarmMachine implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  readonly #machine: BareMachine;
  readonly #link: RawLink;

  private constructor(sandbox: Sandbox, machine: BareMachine, link: RawLink) {
    this.#sandbox = sandbox;
    this.#machine = machine;
    this.#link = link;
  }

  static async open(logs: string): Promise<WarmMachine> {
    const sandbox = makeSandbox(logs);
    const machine = new BareMachine(join(sandbox.directory, "warm"), join(logs, "warm.log"), {
      kernelWords: [UNSAFE_WORD],
    });
    const warm = new WarmMachine(sandbox, machine, await RawLink.open(machine));
    await warm.#link.greet(machine);
    const { code, message } = await warm.openTask(ROOT);
    if (code !== "accepted") throw new Error(`no task could be opened: ${message}`);
    return warm;
  }

  /** Has one agent wait. */
  async warm(): Promise<void> {
    const answer = await this.#ask("runtime_warm", { agent: "probe", slots: 1 });
    if (answer.code !== "accepted") throw new Error(`no agent waits: ${answer.message}`);
  }

  /** Gives the agent that waits, or else a new one, to a task. */
  async openTask(taskId: string): Promise<WarmAnswer> {
    this.#machine.makeTask(taskId);
    const task = { taskId, title: "Task", folder: null, agent: "probe", ...NOTHING_CHOSEN, files: KNOWN_FILES };
    return this.#ask("create_or_open_task", task);
  }

  async stopTask(taskId: string): Promise<WarmAnswer> {
    return this.#ask("stop_task", { taskId });
  }

  /** Runs a script as root of the machine, outside of every wall. */
  async asRoot(script: string): Promise<string> {
    const from = this.#link.lines.length;
    const { code, message } = await this.#ask("system_bash", {
      taskId: ROOT,
      argv: ["sh", "-ec", script],
      unconfined: true,
    });
    if (code !== "accepted") throw new Error(`the machine's root could not act: ${message}`);
    return this.#link.lines
      .slice(from)
      .flatMap(({ event, payload }) => (event === "exec_output" ? [(payload as { data: string }).data] : []))
      .map((data) => Buffer.from(data, "base64").toString())
      .join("");
  }

  async #ask(type: string, payload: object): Promise<WarmAnswer> {
    const answer = await this.#link.ask(type, payload);
    this.#link.acknowledge();
    if (answer["ok"] !== true) return answer["error"] as WarmAnswer;
    const { code = 0 } = answer["result"] as { code?: number };
    return code === 0 ? { code: "accepted", message: "" } : { code: "failed", message: `exit ${code}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#link.close();
    await this.#machine[Symbol.asyncDispose]();
    this.#sandbox[Symbol.dispose]();
  }
}
