import type { Readable } from "node:stream";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Payload, Result } from "../../runtime/protocol/rpc.ts";
import { Sandbox, type TaskDirectories } from "../walls/sandbox.ts";

type Emit = (stream: "stdout" | "stderr", data: string) => Promise<void>;

/** One system_bash: a command inside the walls of a task, its output as events. */
export class Command {
  readonly #sandbox: Sandbox;
  readonly finished: Promise<Result<"system_bash">>;

  constructor(directories: TaskDirectories, request: Payload<"system_bash">, emit: Emit) {
    this.#sandbox = new Sandbox(directories, "/work", request.argv);
    this.#sandbox.stdin.end();
    this.finished = this.#run(request.timeoutMs, emit);
  }

  kill(): void {
    this.#sandbox.kill();
  }

  async #run(timeoutMs: number | undefined, emit: Emit): Promise<Result<"system_bash">> {
    let timedOut = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            this.kill();
          }, timeoutMs);
    try {
      const [stdoutBytes, stderrBytes, { code }] = await Promise.all([
        pass(this.#sandbox.stdout, (data) => emit("stdout", data)),
        pass(this.#sandbox.stderr, (data) => emit("stderr", data)),
        this.#sandbox.ended,
      ]);
      return { code, timedOut, stdoutBytes, stderrBytes };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Reads a stream no faster than its events leave. */
async function pass(stream: Readable, emit: (data: string) => Promise<void>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = 0; at < chunk.length; at += LIMITS.execChunkBytes) {
      await emit(chunk.subarray(at, at + LIMITS.execChunkBytes).toString("base64"));
    }
  }
  return bytes;
}
