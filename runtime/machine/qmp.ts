import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { O_PATH } from "../linux/open-beneath.ts";
import { PiworkError } from "../protocol/errors.ts";
import { LineSplitter, LineTooLong } from "../protocol/lines.ts";
import { STATE_FD } from "./arguments.ts";

const MESSAGE_BYTES = 4 * 1024 * 1024;
const ANSWER_DEADLINE_MS = 10_000;
/** The first answer waits for QEMU to start, which takes long where all cores are busy. */
const GREETING_DEADLINE_MS = 60_000;

/** The memory is a file that both sides have; it is not part of what is saved. */
const KEEP_MEMORY = { capabilities: [{ capability: "x-ignore-shared", state: true }] };

const progress = z.looseObject({ status: z.string().default("none") });

const message = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number() }),
]);

/** Connects to a socket that a starting process is about to make. Gives up when `gone` settles. */
export async function connectWhenThere(path: string, gone: AbortSignal): Promise<Socket> {
  for (;;) {
    gone.throwIfAborted();
    const socket = await connectTo(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "ECONNREFUSED") throw error;
    });
    if (socket !== undefined) return socket;
    await delay(5, undefined, { signal: gone });
  }
}

/** QEMU can write where its sockets are: a link there, to a socket of somebody else, is not followed. */
async function connectTo(path: string): Promise<Socket> {
  const handle = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(handle).isSocket()) throw new PiworkError("INTERNAL_ERROR", "QEMU's socket is no socket.");
    const socket = connect(`/proc/self/fd/${handle}`);
    await once(socket, "connect");
    return socket;
  } finally {
    closeSync(handle);
  }
}

type OnEvent = (name: string, data: Record<string, unknown>) => void;

/** QEMU's control channel. */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #onEvent: OnEvent;
  #nextId = 1;

  private constructor(socket: Socket, onEvent: OnEvent, onBroken: (reason: PiworkError) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    const splitter = new LineSplitter(MESSAGE_BYTES);
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const line of splitter.push(chunk)) this.#receive(line);
      } catch (cause) {
        // Only a QEMU that was taken over says such things: it loses this link, and nobody else anything.
        socket.destroy();
        const words = "QEMU said something on its control channel that QEMU never says.";
        onBroken(new PiworkError("PI_PROCESS_DEAD", words, { cause }));
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(closed());
      this.#waiting.clear();
    });
  }

  static async connect(
    path: string,
    gone: AbortSignal,
    onEvent: OnEvent = () => {},
    onBroken: (reason: PiworkError) => void = () => {},
  ): Promise<Qmp> {
    const qmp = new Qmp(await connectWhenThere(path, gone), onEvent, onBroken);
    await qmp.execute("qmp_capabilities", {}, GREETING_DEADLINE_MS);
    return qmp;
  }

  async execute(command: string, args: object = {}, deadlineMs = ANSWER_DEADLINE_MS): Promise<unknown> {
    if (this.#socket.destroyed) throw closed();
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const overdue = setTimeout(() => {
      const words = `QEMU did not answer '${command}' within ${deadlineMs / 1000} s. If this computer is busy, let it finish some of its work, and try again.`;
      this.#waiting.get(id)?.reject(new PiworkError("INTERNAL_ERROR", words));
      this.#waiting.delete(id);
    }, deadlineMs);
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return answer.finally(() => clearTimeout(overdue));
  }

  /** Loads what is saved at the descriptor that QEMU inherited for it; the machine goes on by itself once it is loaded. */
  async load(): Promise<void> {
    await this.execute("migrate-set-capabilities", KEEP_MEMORY);
    await this.execute("migrate-incoming", { uri: `fd:${STATE_FD}` });
  }

  /** Saves all of the machine but its memory to a socket, by its path as QEMU sees it; the machine does not go on afterwards. */
  async save(socket: string, signal: AbortSignal): Promise<void> {
    await this.execute("migrate-set-capabilities", KEEP_MEMORY);
    await this.execute("migrate", { uri: `unix:${socket}` });
    for (;;) {
      const { status } = progress.parse(await this.execute("query-migrate"));
      if (status === "completed") return;
      if (status === "failed" || status === "cancelled")
        throw new PiworkError("TASK_BOOTSTRAP_FAILED", `QEMU could not save the machine: ${status}.`);
      await delay(10, undefined, { signal });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(line: string | LineTooLong): void {
    if (line instanceof LineTooLong) throw line;
    const parsed = message.parse(JSON.parse(line));
    if ("event" in parsed) return this.#onEvent(parsed.event, parsed.data);
    if (!("id" in parsed)) return;
    const waiting = this.#waiting.get(parsed.id);
    this.#waiting.delete(parsed.id);
    if ("error" in parsed) waiting?.reject(new PiworkError("INTERNAL_ERROR", `QEMU refused: ${parsed.error.desc}`));
    else waiting?.resolve(parsed.return);
  }
}

function closed(): PiworkError {
  return new PiworkError("TASK_NOT_READY", "QEMU closed its control channel.");
}
