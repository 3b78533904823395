import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type AgentNotice, type AgentRequest, agentResponse } from "../../runtime/protocol/agent.ts";
import { PiworkError } from "../../runtime/protocol/errors.ts";
import { SESSION_IN_SANDBOX, SETTLED } from "../../runtime/protocol/in-sandbox.ts";
import type { AgentKind } from "../../runtime/protocol/kinds.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../../runtime/protocol/lines.ts";
import { AGENT_DEPTH, parsePlainJson } from "../../runtime/protocol/plain-json.ts";
import type { Confinement } from "../walls/launch.ts";
import { endedForMemory, whyEnded } from "../walls/out-of-memory.ts";
import { type LayerState, readLayers } from "../walls/readback.ts";
import { Sandbox } from "../walls/sandbox.ts";

/** By Node with the same words as taskd, since an agent too is saved in templates. SIGUSR1 would open Node's debugger to everything in the task. */
const NODE = ["node", ...process.execArgv, "--disable-sigusr1"];

/** An agent starts outside /work, so that a folder mounted there later is not hidden from it. */
interface Program {
  command: readonly string[];
  /** what it says when nothing more comes of a prompt */
  over: string;
  /** it begins a new session when it is told to, and not by itself */
  isTold: boolean;
}

const PROGRAMS: Record<AgentKind, Program> = {
  probe: { command: [...NODE, "/usr/lib/piwork/probe.mjs", SESSION_IN_SANDBOX], over: "agent_end", isTold: false },
  pi: { command: [...NODE, "/usr/lib/piwork/pi/pi.mjs"], over: SETTLED, isTold: true },
};

export const AGENTS = Object.keys(PROGRAMS) as AgentKind[];

/** What stands before an agent until the kernel has said that its walls are whole. */
const GATE = ["sh", "-c", 'echo "$0"; read -r go && exec "$@"'];
const AT_GATE = "piwork-at-the-gate";

/** Time an agent has to answer for the first time. The real one needs 25 s under software emulation. */
const START_DEADLINE_MS = 120_000;
/** Between two looks at whether an agent still answers. Looks are counted, not seconds: a paused machine misses none. */
const LOOK_EVERY_MS = 5_000;
/** Looks without an answer after which an agent counts as frozen; a busy one answers between two steps of its work. */
const UNANSWERED_LOOKS = 6;
/** Time between asking an agent to end and killing it. */
const TERMINATE_GRACE_MS = 3_000;
/** What the kernel answers about a process that ended meanwhile; one that nobody has buried yet has no mounts. */
const PROCESS_ENDED: ReadonlySet<string | undefined> = new Set(["ENOENT", "ESRCH", "EINVAL"]);
/** Code of a process that the kernel killed. */
const KILLED = 137;
/** Bytes of the agent's last words kept for the error message. */
const STDERR_TAIL = 2_000;

type Message = Record<string, unknown>;

/** One agent behind its walls, spoken to in pi's RPC. */
export class Agent {
  readonly #program: Program;
  readonly #sandbox: Sandbox;
  readonly #confinement: Confinement;
  readonly #answers = new Map<string, (message: Message) => void>();
  /** what hears what is no answer to us; before it has a task, nobody does */
  #onMessage: (message: Message) => Promise<void> = async () => {};
  #nestedRefusal: string | undefined;
  /** Resolves with a sentence when the agent is gone, for whatever reason. */
  readonly gone: Promise<PiworkError>;
  #nextId = 1;
  #stderrTail = "";
  #heard = false;
  #delivering = false;
  #runs = false;
  #passGate = () => {};
  readonly #atGate = new Promise<void>((resolve) => {
    this.#passGate = resolve;
  });
  /** why we ended it, where it did not end by itself */
  #violation: PiworkError | undefined;

  private constructor(confinement: Confinement, program: Program) {
    this.#program = program;
    this.#confinement = confinement;
    this.#sandbox = new Sandbox(confinement, "/", [...GATE, AT_GATE, ...program.command]);
    this.gone = this.#live();
  }

  /** Starts an agent and waits for its first answer. */
  static async start(kind: AgentKind, confinement: Confinement, signal: AbortSignal): Promise<Agent> {
    const agent = new Agent(confinement, PROGRAMS[kind]);
    await agent.#orGiveUp(agent.#begin(), `The agent '${kind}' did not start`, signal);
    return agent;
  }

  /** Ends it where a step fails, or takes too long, or is not wanted any more. */
  async #orGiveUp(step: Promise<string | undefined>, what: string, signal: AbortSignal): Promise<void> {
    const late = `it did not answer within ${START_DEADLINE_MS / 1000} s`;
    const overdue = setTimeout(() => void this.kill(new PiworkError("TASK_BOOTSTRAP_FAILED", late)), START_DEADLINE_MS);
    const stop = () => void this.kill();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      const refused = await Promise.race([step, this.gone]);
      signal.throwIfAborted();
      if (refused instanceof PiworkError) throw new PiworkError("TASK_BOOTSTRAP_FAILED", `${what}: ${refused.message}`);
      if (refused !== undefined) throw new PiworkError("TASK_BOOTSTRAP_FAILED", refused);
    } catch (error) {
      await this.kill();
      throw error;
    } finally {
      clearTimeout(overdue);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Lets it go once its walls are whole, and waits for its first answer; gives what is wrong. */
  async #begin(): Promise<string | undefined> {
    await this.#atGate;
    const gaps = await this.#gaps();
    if (gaps !== "") return `The walls around the task are not whole, so it was not started: ${gaps}.`;
    this.#runs = true;
    this.#sandbox.stdin.write("go\n");
    const answer = await this.ask({ type: "get_state" });
    return answer["success"] === true ? undefined : "The agent did not start: it refused its first request";
  }

  /**
   * Gives it to a task, whose directories it sees by now: its walls are looked at again, and it takes up a session where one was
   * saved. `onMessage` gets each line that is no answer to us; it is read no faster than that returns.
   */
  takeUp(hasSession: boolean, onMessage: (message: Message) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#onMessage = onMessage;
    return this.#orGiveUp(this.#takeUp(hasSession), "The agent did not take up its session", signal);
  }

  async #takeUp(hasSession: boolean): Promise<string | undefined> {
    const gaps = await this.#gaps();
    if (gaps !== "") return `The walls around the task were not whole any more with its folder in them: ${gaps}.`;
    if (!hasSession && !this.#program.isTold) return undefined;
    // What it read before it had a task was nobody's: it reads all of it again with its session.
    const request = { type: "switch_session", sessionPath: SESSION_IN_SANDBOX } as const;
    const answer = await this.ask(hasSession ? request : { type: "new_session" });
    const why = typeof answer["error"] === "string" ? answer["error"].slice(0, 500) : "it refused to";
    return answer["success"] === true ? undefined : `The agent did not take up its session: ${why}.`;
  }

  /** Whether it says by this message that nothing more comes of a prompt. */
  isOver(message: Message): boolean {
    return message["type"] === this.#program.over;
  }

  /** Which layers of the walls are missing, in words. */
  async #gaps(): Promise<string> {
    const layers = await this.layers();
    if (layers.length === 0) throw await this.gone;
    const nested = layers.find(({ layer }) => layer === "nested-users");
    if (nested?.holds) this.#nestedRefusal = nested.seen;
    return layers
      .filter(({ holds }) => !holds)
      .map(({ layer, seen }) => `${layer} (${seen})`)
      .join(", ");
  }

  /** The walls around it, as the kernel tells them; none once it is gone. */
  async layers(): Promise<LayerState[]> {
    const { pid } = this;
    if (pid === null) return [];
    try {
      return await readLayers(pid, this.#confinement, this.#runs, this.#nestedRefusal);
    } catch (error) {
      if (PROCESS_ENDED.has((error as NodeJS.ErrnoException).code)) return [];
      throw error;
    }
  }

  /** Processes that it has as long as it does nothing. */
  get ownProcesses(): number {
    return this.#sandbox.ownProcesses;
  }

  /** Process id of the sandbox's init in the guest. */
  get pid(): number | null {
    return this.#sandbox.initPid;
  }

  /** Sends a request and resolves with its answer; never, if the agent dies: wait for `gone` beside it. */
  ask(request: AgentRequest): Promise<Message> {
    const id = `taskd-${this.#nextId++}`;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#write({ ...request, id });
    });
  }

  /** The same, for whoever can be told that the agent is gone. */
  async askOrFail(request: AgentRequest): Promise<Message> {
    const answer = await Promise.race([this.ask(request), this.gone]);
    if (answer instanceof PiworkError) throw answer;
    return answer;
  }

  tell(notice: AgentNotice): void {
    this.#write(notice);
  }

  #write(message: object): void {
    const stdin: Writable = this.#sandbox.stdin;
    stdin.write(`${JSON.stringify(message)}\n`);
    if (stdin.writableLength > LIMITS.agentUnreadBytes)
      void this.kill(new PiworkError("LIMIT_EXCEEDED", "The agent did not read what was said to it, and was ended."));
  }

  /** Ends an agent that has stopped answering, until the watch is disposed. */
  watch(): Disposable {
    let unanswered = 0;
    const look = () => {
      // What it says is a sign of life; and while its words wait for the host to read, an answer behind them cannot come.
      if (this.#heard || this.#delivering) unanswered = 0;
      this.#heard = false;
      if (unanswered >= UNANSWERED_LOOKS) {
        const words = `The agent did not answer for ${(UNANSWERED_LOOKS * LOOK_EVERY_MS) / 1000} s and was ended.`;
        void this.kill(new PiworkError("PI_PROCESS_DEAD", words));
      } else if (unanswered++ === 0) void this.ask({ type: "get_state" }).then(() => (unanswered = 0));
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  async stop(): Promise<void> {
    this.#sandbox.terminate();
    const grace = new AbortController();
    await Promise.race([this.gone, delay(TERMINATE_GRACE_MS, undefined, { signal: grace.signal })]).finally(() =>
      grace.abort(),
    );
    await this.kill();
  }

  /** Ends it at once; whoever is told that it is gone is told this reason. */
  async kill(reason?: PiworkError): Promise<void> {
    this.#violation ??= reason;
    this.#sandbox.kill();
    await this.gone;
  }

  async #live(): Promise<PiworkError> {
    const endedBefore = endedForMemory(`${this.#confinement.group}/memory.events`);
    this.#sandbox.stderr.on("data", (data: Buffer) => {
      this.#stderrTail = (this.#stderrTail + data.toString("utf8")).slice(-STDERR_TAIL);
    });
    try {
      await this.#readLines();
    } catch (error) {
      if (!(error instanceof PiworkError)) console.error("taskd: reading an agent failed:", error);
      this.#violation =
        error instanceof PiworkError
          ? error
          : new PiworkError("INTERNAL_ERROR", "The agent could not be read and was ended.");
      this.#sandbox.kill();
      this.#sandbox.stdout.resume(); // what it still says is nobody's business; an unread pipe would keep it from closing
    }
    try {
      const code = await this.#sandbox.ended;
      if (this.#violation !== undefined) return this.#violation;
      const { group, memoryBytes } = this.#confinement;
      const events = `${group}/memory.events`;
      if (code === KILLED && endedForMemory(events) > endedBefore)
        return new PiworkError("PI_PROCESS_DEAD", `The agent was ended. ${whyEnded(events, memoryBytes)}`);
      const words = this.#stderrTail.trim().split("\n").at(-1);
      return new PiworkError(
        "PI_PROCESS_DEAD",
        `The agent ended with code ${code}${words ? `; its last words: ${words}` : "."}`,
      );
    } catch (error) {
      console.error("taskd: agent:", this.#stderrTail);
      return error instanceof PiworkError
        ? error
        : new PiworkError("INTERNAL_ERROR", "The agent's end could not be followed.", { cause: error });
    }
  }

  async #readLines(): Promise<void> {
    const splitter = new LineSplitter(LIMITS.agentLineBytes);
    for await (const chunk of this.#sandbox.stdout.iterator({ destroyOnReturn: false })) {
      this.#heard = true;
      for (const line of splitter.push(chunk as Buffer)) {
        if (line instanceof LineTooLong) {
          throw new PiworkError(
            "LIMIT_EXCEEDED",
            `The agent wrote a line of more than ${line.limit} bytes and was ended.`,
          );
        }
        this.#delivering = true;
        await this.#receive(line);
        this.#delivering = false;
      }
    }
  }

  async #receive(line: string): Promise<void> {
    if (line.trim() === "") return;
    if (line === AT_GATE) return this.#passGate();
    const parsed = parsePlainJson(line, AGENT_DEPTH);
    const message: Message = isObject(parsed) ? parsed : { type: "unparsed", text: line.slice(0, 4096) };
    // Most lines are neither answers nor questions, and are not looked at any closer.
    const response = message["type"] === "response" ? agentResponse.safeParse(message).data : undefined;
    const waiting = response?.id === undefined ? undefined : this.#answers.get(response.id);
    if (response?.id !== undefined && waiting !== undefined) {
      this.#answers.delete(response.id);
      waiting(message);
    } else await this.#onMessage(message);
  }
}

function isObject(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
