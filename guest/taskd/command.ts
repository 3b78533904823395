import type { Readable } from "node:stream";
import { execWeight, LIMITS } from "../../runtime/protocol/limits.ts";
import type { Payload, Result } from "../../runtime/protocol/rpc.ts";
import type { ProcessTree } from "../walls/sandbox.ts";

export interface CommandOutput {
  emit(stream: "stdout" | "stderr", data: string): Promise<void>;
  /** resolves once most of what was emitted has reached whoever asked for it */
  untilTaken(emittedBytes: number): Promise<void>;
}

/** One system_bash: a command inside the walls of a task, its output as events. */
export class TaskCommand {
  readonly #processes: ProcessTree;
  readonly finished: Promise<Omit<Result<"system_bash">, "outOfMemory">>;
  #end = () => {};
  readonly #killed = new Promise<void>((resolve) => {
    this.#end = resolve;
  });
  #emittedBytes = 0;

  constructor(processes: ProcessTree, request: Payload<"system_bash">, output: CommandOutput) {
    this.#processes = processes;
    this.#processes.stdin.end();
    this.finished = this.#run(request.timeoutMs, output);
  }

  kill(): void {
    this.#processes.kill();
    this.#end(); // nobody needs to take what it still says
  }

  async #run(
    timeoutMs: number | undefined,
    output: CommandOutput,
  ): Promise<Omit<Result<"system_bash">, "outOfMemory">> {
    let timedOut = false;
    const expire = () => {
      timedOut = true;
      this.kill();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    try {
      const [stdoutBytes, stderrBytes, { code }] = await Promise.all([
        this.#pass("stdout", this.#processes.stdout, output),
        this.#pass("stderr", this.#processes.stderr, output),
        this.#processes.ended,
      ]);
      return { code, timedOut, stdoutBytes, stderrBytes };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads a stream no faster than its events leave, and no faster than they are taken. */
  async #pass(name: "stdout" | "stderr", stream: Readable, output: CommandOutput): Promise<number> {
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      for (let at = 0; at < chunk.length; at += LIMITS.execChunkBytes) {
        const piece = chunk.subarray(at, at + LIMITS.execChunkBytes);
        this.#emittedBytes += execWeight(piece.length);
        await output.emit(name, piece.toString("base64"));
      }
      await Promise.race([output.untilTaken(this.#emittedBytes), this.#killed]);
    }
    return bytes;
  }
}
