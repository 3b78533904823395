import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Check } from "../checks/checks.ts";
import { waitFor } from "../host/wait-for.ts";
import { BareMachine } from "../machines/bare-machine.ts";
import { RawLink } from "../machines/raw-link.ts";
import { makeSandbox, type Sandbox } from "../runtimes/piwork.ts";

/** A request to taskd: a command with its payload, or a line as it is. */
export type Send = { type: unknown; payload: unknown; id?: unknown } | { line: string | Buffer };

/** Something that taskd refuses, beside what it takes that differs as little as possible. */
export interface WireRefusal {
  id: string;
  /** as the end of "a host ..." */
  tries: string;
  send: Send;
  /** code of the refusal */
  refused: string;
  /** what is accepted, so that it is this that is refused */
  twin: { send: Send };
}

/** Time for an answer and for the ping after it, in milliseconds. */
const ANSWER_MS = 60_000;

/** A machine whose only task is `wire`, and the link to it. */
export class Wire implements AsyncDisposable {
  readonly link: RawLink;
  readonly #sandbox: Sandbox;
  readonly #machine: BareMachine;

  private constructor(sandbox: Sandbox, machine: BareMachine, link: RawLink) {
    this.#sandbox = sandbox;
    this.#machine = machine;
    this.link = link;
  }

  static async open(logs: string): Promise<Wire> {
    const sandbox = makeSandbox(logs);
    const machine = new BareMachine(join(sandbox.directory, "wire"), join(logs, "wire.log"));
    const link = await RawLink.open(machine);
    const wire = new Wire(sandbox, machine, link);
    await link.greet(machine);
    for (const id of ["wire-task", "twin-task"]) machine.makeTask(id);
    return wire;
  }

  /** The codes of what is answered, "accepted" among them. */
  async attempt(send: Send): Promise<string> {
    const from = this.link.lines.length;
    if ("line" in send) this.link.write(Buffer.concat([Buffer.from(send.line), Buffer.from("\n")]));
    else this.link.write(`${JSON.stringify({ id: randomUUID(), ...send })}\n`);
    const answer = await waitFor("an answer", ANSWER_MS, () =>
      this.link.lines.slice(from).find((line) => "ok" in line),
    );
    this.link.acknowledge();
    return codeOf(answer);
  }

  /** The codes that a refusal and its twin are answered with, a ping between them; all three at once, because answers take their time. */
  async compare({ send, twin }: WireRefusal): Promise<{ refused: string; accepted: string }> {
    const from = this.link.lines.length;
    const [ping, second] = [randomUUID(), randomUUID()];
    const twinFrame = { id: second, ...twin.send };
    const bytes = "line" in send ? send.line : JSON.stringify({ id: randomUUID(), ...send });
    const others = [{ id: ping, type: "runtime_get_state", payload: {} }, twinFrame];
    const lines = [bytes, ...others.map((other) => JSON.stringify(other))];
    this.link.write(Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")])));
    const answers = await waitFor("three answers", ANSWER_MS, () => {
      const found = this.link.lines.slice(from).filter((line) => "ok" in line);
      return found.length === 3 ? found : undefined;
    });
    this.link.acknowledge();
    const code = (id: unknown) => codeOf(answers.find((answer) => answer["id"] === id));
    if (code(ping) !== "accepted") throw new Error("the ping was not answered");
    const other = answers.find(({ id }) => id !== ping && id !== twinFrame.id);
    return { refused: codeOf(other), accepted: code(twinFrame.id) };
  }

  async ping(): Promise<void> {
    const answer = await this.link.attempt("runtime_get_state", {});
    if (answer !== "accepted") throw new Error(`the ping was answered with ${answer}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link.close();
    await this.#machine[Symbol.asyncDispose]();
    this.#sandbox[Symbol.dispose]();
  }
}

function codeOf(answer: Record<string, unknown> | undefined): string {
  if (answer === undefined) return "no answer";
  return answer["ok"] === true ? "accepted" : (answer["error"] as { code: string }).code;
}

export function refusalChecks(refusals: readonly WireRefusal[]): Check<{ wire: Wire }>[] {
  return refusals.map((refusal) => ({
    id: refusal.id,
    claim: `a host ${refusal.tries}: ${refusal.refused}; its twin is accepted`,
    async run({ wire }) {
      const codes = await wire.compare(refusal);
      if (codes.refused !== refusal.refused) throw new Error(`${codes.refused}, not ${refusal.refused}`);
      if (codes.accepted !== "accepted") throw new Error(`the twin is refused as well: ${codes.accepted}`);
      return codes;
    },
  }));
}

/** JSON this deep, as text. */
export function deep(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
}

export const TOO_LONG = "x".repeat(LIMITS.lineBytes + 1);
