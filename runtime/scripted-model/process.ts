import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { PiworkError } from "../protocol/errors.ts";
import { LineSplitter } from "../protocol/lines.ts";
import { REPOSITORY } from "../state/places.ts";

const PROGRAM = join(REPOSITORY, "runtime/scripted-model/main.ts");
const KEY_VARIABLE = "PIWORK_SCRIPTED_KEY";
const START_DEADLINE_MS = 60_000;
const LINE_BYTES = 4096;

const announcement = z.looseObject({ port: z.int().min(1).max(65_535) });

type Server = ReturnType<typeof startServer>;

function startServer(key: string, program: string) {
  const child = execa(process.execPath, ["--import", "tsx", program], {
    cwd: REPOSITORY,
    stdin: "pipe",
    stderr: "inherit",
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], [KEY_VARIABLE]: key },
    extendEnv: false,
    buffer: false,
    reject: false,
    // A Ctrl-C in the terminal is for the runtime, which closes its input.
    detached: true,
  });
  child.stdin.on("error", () => {}); // the server has ended, which announcedPort tells
  return child;
}

interface Running {
  child: Server;
  port: number;
  key: string;
}

/** The server of that model: a process of its own on this computer, which ends with this one. */
export class ScriptedServer implements AsyncDisposable {
  readonly #program: string;
  #running: Promise<Running> | undefined;
  #isOver = false;

  /** `program` serves the model, by the APIs that it knows. */
  constructor(program = PROGRAM) {
    this.#program = program;
  }

  /** Where it listens, and the key that it takes; started at the first call, and again where it has ended. */
  async address(): Promise<{ port: number; key: string }> {
    if (this.#isOver) throw new PiworkError("TASK_NOT_READY", "The runtime is stopping.");
    this.#running ??= this.#start();
    return this.#running;
  }

  async #start(): Promise<Running> {
    const key = randomBytes(24).toString("hex");
    const child = startServer(key, this.#program);
    const forget = () => {
      this.#running = undefined;
    };
    child.once("exit", forget);
    try {
      return { child, key, port: await announcedPort(child) };
    } catch (cause) {
      forget();
      child.kill("SIGKILL");
      throw new PiworkError("TASK_NOT_READY", "The scripted model's server did not start; see the runtime's output.", {
        cause,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const running = await this.#running?.catch(() => undefined);
    if (running === undefined || running.child.exitCode !== null || running.child.signalCode !== null) return;
    running.child.stdin.end();
    const overdue = setTimeout(() => running.child.kill("SIGKILL"), 5_000);
    await running.child;
    clearTimeout(overdue);
  }
}

async function announcedPort(child: Server): Promise<number> {
  const lines = new LineSplitter(LINE_BYTES);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("it did not say where it listens")), START_DEADLINE_MS);
    child.stdout.on("data", (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) resolve(announcement.parse(JSON.parse(String(line))).port);
      } catch (error) {
        reject(error);
      }
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it ended with code ${code}`)));
    child.once("exit", () => clearTimeout(late));
    child.stdout.once("data", () => clearTimeout(late));
  });
}
