import { execWeight, LIMITS } from "../../runtime/protocol/limits.ts";
import type { Payload, Result } from "../../runtime/protocol/rpc.ts";
import type { Link } from "../link/link.ts";
import type { ProcessTree } from "../walls/sandbox.ts";

type End = Omit<Result<"system_bash">, "outOfMemory">;

/** One system_bash: a command inside the walls of a task, its output as events. */
export class TaskCommand {
  readonly finished: Promise<End>;
  readonly #processes: ProcessTree;
  readonly #link: Link;
  #end = () => {};
  readonly #killed = new Promise<void>((resolve) => {
    this.#end = resolve;
  });
  #emittedBytes = 0;

  constructor(processes: ProcessTree, request: Payload<"system_bash">, requestId: string, link: Link) {
    this.#processes = processes;
    this.#link = link;
    processes.stdin.end();
    this.finished = this.#run(request, requestId);
  }

  kill(): void {
    this.#processes.kill();
    this.#end(); // nobody needs to take what it still says
  }

  async #run({ taskId, timeoutMs }: Payload<"system_bash">, requestId: string): Promise<End> {
    let timedOut = false;
    const expire = () => {
      timedOut = true;
      this.kill();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    const pass = (stream: "stdout" | "stderr") => this.#pass(taskId, requestId, stream);
    try {
      const [stdoutBytes, stderrBytes, code] = await Promise.all([
        pass("stdout"),
        pass("stderr"),
        this.#processes.ended,
      ]);
      return { code, timedOut, stdoutBytes, stderrBytes };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads a stream no faster than its events leave, and no faster than they are taken. */
  async #pass(taskId: string, requestId: string, stream: "stdout" | "stderr"): Promise<number> {
    let bytes = 0;
    for await (const chunk of this.#processes[stream] as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      for (let at = 0; at < chunk.length; at += LIMITS.execChunkBytes) {
        const piece = chunk.subarray(at, at + LIMITS.execChunkBytes);
        this.#emittedBytes += execWeight(piece.length);
        await this.#link.emit(taskId, "exec_output", { requestId, stream, data: piece.toString("base64") });
      }
      await Promise.race([this.#link.untilTaken(requestId, this.#emittedBytes), this.#killed]);
    }
    return bytes;
  }
}
