import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { greeting } from "../../runtime/bridge/greeting.ts";
import { BOOT_DEADLINE_MS } from "../../runtime/machine/machine.ts";
import type { GivenFiles } from "../../runtime/protocol/given-files.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { LineSplitter, LineTooLong } from "../../runtime/protocol/lines.ts";
import { waitFor } from "../host/wait-for.ts";
import type { BareMachine } from "./bare-machine.ts";

/** Time taskd has to answer, in milliseconds: the first answer is that of a machine that still boots. */
const ANSWER_DEADLINE_MS = BOOT_DEADLINE_MS;

type Line = Record<string, unknown>;

/** What a machine is told of the files of a task, where it was greeted with those of all tasks. */
export const KNOWN_FILES: GivenFiles = { kind: "share", proofs: [] };

/** Lines to a taskd and back, as they are: nothing is checked, repeated or acknowledged unless it is said so. */
export class RawLink {
  readonly lines: Line[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const splitter = new LineSplitter(LIMITS.lineBytes * 2);
    socket.on("data", (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) if (!(line instanceof LineTooLong)) this.lines.push(JSON.parse(line));
    });
    socket.on("error", () => socket.destroy());
  }

  static async open(machine: BareMachine): Promise<RawLink> {
    return new RawLink(await machine.connect());
  }

  /** Tells the machine of the files that it has, as a host does first. */
  async greet(machine: BareMachine): Promise<void> {
    using handover = machine.files.greet();
    const answer = await this.ask("runtime_hello", greeting(handover?.message ?? null, 0));
    if (answer["ok"] !== true) throw new Error(`the machine did not greet: ${JSON.stringify(answer)}`);
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  send(type: string, payload: unknown, id: string = randomUUID()): string {
    this.write(`${JSON.stringify({ id, type, payload })}\n`);
    return id;
  }

  /** The answers with this id so far. */
  answers(id: string): Line[] {
    return this.lines.filter((line) => line["id"] === id && "ok" in line);
  }

  events(name: string): Line[] {
    return this.lines.filter((line) => line["type"] === "event" && line["event"] === name);
  }

  async ask(type: string, payload: unknown, id: string = randomUUID()): Promise<Line> {
    this.send(type, payload, id);
    return waitFor(`the answer to ${type}`, ANSWER_DEADLINE_MS, () => this.answers(id)[0]);
  }

  /** The code of the refusal, or "accepted". */
  async attempt(type: string, payload: unknown, id?: string): Promise<string> {
    const answer = await this.ask(type, payload, id);
    return answer["ok"] === true ? "accepted" : (answer["error"] as { code: string }).code;
  }

  /** Says that every event so far was taken in. */
  acknowledge(): void {
    const seq = this.lines.reduce(
      (last, line) => (typeof line["seq"] === "number" ? Math.max(last, line["seq"]) : last),
      0,
    );
    this.write(`${JSON.stringify({ type: "ack", seq, taken: {} })}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }
}
