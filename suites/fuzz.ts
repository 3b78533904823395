import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BareMachine } from "../harness/bare-machine.ts";
import { type Check, conclude, Run, type Tally } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { mutate } from "../harness/mutate.ts";
import { makeSandbox, type Sandbox, waitFor } from "../harness/piwork.ts";
import { Random } from "../harness/random.ts";
import { RawLink } from "../harness/raw-link.ts";
import { Bridge } from "../runtime/bridge/bridge.ts";
import { errorCode } from "../runtime/protocol/errors.ts";
import type { RuntimeEvent } from "../runtime/protocol/events.ts";
import { LIMITS } from "../runtime/protocol/limits.ts";
import { LineSplitter } from "../runtime/protocol/lines.ts";
import { PROTOCOL_VERSION } from "../runtime/protocol/rpc.ts";

/** Mutated lines sent to each side. */
const ITERATIONS = 1_500;
const TASK = "fuzz-task";

/** Both ends of the wire, spoken to by somebody who does not keep to the protocol. */
export async function fuzz(iterations = ITERATIONS, seed = Date.now() % 1_000_000): Promise<Tally> {
  console.log(`seed ${seed}, ${iterations} lines to each side; repeat with: mise run test-fuzz ${iterations} ${seed}`);
  const run = new Run("fuzz");
  using sandbox = makeSandbox(run.directory);
  const checks = [fuzzTaskd(sandbox, iterations, seed), fuzzBridge(sandbox, iterations, seed), manyTasks(sandbox)];
  await run.perform(checks);
  return run.finish(checks.map(({ id }) => id));
}

/** What a host says, to be mutated. */
function requests(): string[] {
  const request = (type: string, payload: object) => JSON.stringify({ id: randomUUID(), type, payload });
  return [
    request("runtime_hello", { protocol: PROTOCOL_VERSION, mounts: [], afterSeq: 0 }),
    request("create_or_open_task", { taskId: TASK, title: "Fuzz", folder: null, agent: "probe", model: null }),
    request("switch_task", { taskId: TASK }),
    request("prompt", { taskId: TASK, message: "hello" }),
    request("abort", { taskId: TASK, request: "r-1" }),
    request("system_bash", { taskId: TASK, argv: ["true"], timeoutMs: 1000 }),
    request("extension_ui_response", { taskId: TASK, question: "q", answer: { value: "x" } }),
    request("pi_set_model", { taskId: TASK, model: { provider: "probe", id: "mute" } }),
    request("runtime_get_state", {}),
    JSON.stringify({ type: "ack", seq: 1, taken: { "r-1": 1 } }),
  ];
}

function fuzzTaskd(sandbox: Sandbox, iterations: number, seed: number): Check {
  return {
    id: "fuzz.taskd",
    claim: `taskd answers a ping after each of ${iterations} mutated lines, with codes of the contract only, and goes on working`,
    deadlineMs: 900_000,
    async run() {
      const random = new Random(seed);
      await using machine = new BareMachine(join(sandbox.directory, "fuzz"), join(sandbox.logs, "fuzz.log"));
      const link = await RawLink.open(machine);
      await link.greet(machine);
      machine.makeTask(TASK);
      const refusals = new Map<string, number>();
      for (let count = 0; count < iterations; count++) {
        const line = mutate(random, requests());
        const from = link.lines.length;
        link.write(Buffer.concat([line, Buffer.from("\n")]));
        const ping = await link.ask("runtime_get_state", {}).catch((error: Error) => {
          throw new Error(`line ${count}: ${error.message}; it was ${line.toString("base64")}`);
        });
        assert.equal(ping["ok"], true, `line ${count}: ${line.toString("base64")}`);
        for (const answer of link.lines.slice(from).filter(({ ok }) => ok === false)) {
          const { code } = answer["error"] as { code: string };
          assert.equal(errorCode.safeParse(code).success, true, code);
          refusals.set(code, (refusals.get(code) ?? 0) + 1);
        }
        link.acknowledge();
      }
      assert.equal((refusals.get("INVALID_REQUEST") ?? 0) > iterations / 4, true, JSON.stringify([...refusals]));
      console.log(`        refusals: ${[...refusals].map(([code, times]) => `${times} × ${code}`).join(", ")}`);
      // It is still what it was: a task opens and answers.
      const task = { taskId: "after-the-fuzz", title: "After", folder: null, agent: "probe", model: null };
      machine.makeTask(task.taskId);
      assert.equal(await link.attempt("create_or_open_task", task), "accepted");
      assert.equal(machine.hasEnded, false);
    },
  };
}

/** What a taskd says, to be mutated. */
function sayings(id: string, seq: number): string[] {
  const event = (name: string, payload: object) =>
    JSON.stringify({ type: "event", event: name, timestamp: 1, taskId: TASK, seq, payload });
  return [
    event("runtime_warning", { message: "w" }),
    event("agent_output", { requestId: "r", message: { type: "message_update" } }),
    event("agent_end", { requestId: "r", saved: true }),
    event("task_ready", { requestId: "r", state: "ready" }),
    event("exec_output", { requestId: "r", stream: "stdout", data: "eA==" }),
    JSON.stringify({ id, ok: true, result: STATE }),
    JSON.stringify({ id, ok: false, error: { code: "TASK_BUSY", message: "m", retryable: true } }),
    JSON.stringify({ id: null, ok: false, error: { code: "INVALID_REQUEST", message: "m", retryable: false } }),
  ];
}

function fuzzBridge(sandbox: Sandbox, iterations: number, seed: number): Check {
  return {
    id: "fuzz.bridge",
    claim: `after each of ${iterations} mutated lines from a machine, the bridge takes the next event and the next answer`,
    deadlineMs: 600_000,
    async run() {
      const random = new Random(seed);
      await using peer = await Peer.listen(join(sandbox.directory, "peer.sock"));
      const events: RuntimeEvent[] = [];
      let violations = 0;
      const bridge = new Bridge(() => peer.connect(), {
        event: (event) => events.push(event),
        violation: () => violations++,
        responsive: () => {},
      });
      try {
        await bridge.open([]);
        for (let count = 0; count < iterations; count++) {
          peer.holdAnswers();
          const id = randomUUID();
          const outcome = bridge.request("runtime_get_state", {}, { id }).then(
            () => "answered",
            (error: { code?: string }) => error.code ?? String(error),
          );
          const line = mutate(random, sayings(id, (events.at(-1)?.seq ?? 0) + 1 + random.below(2)));
          const words = `line ${count}: ${line.toString("base64")}`;
          peer.say(line);
          peer.giveAnswers();
          const before = events.length;
          await waitFor(`a good event after ${words}`, 20_000, () => {
            peer.say(
              JSON.stringify({
                type: "event",
                event: "task_stopped",
                timestamp: 1,
                taskId: TASK,
                seq: (events.at(-1)?.seq ?? 0) + 1,
                payload: {},
              }),
            );
            return events.length > before || undefined;
          });
          const how = await Promise.race([outcome, delay(20_000, "no answer")]);
          assert.equal(how === "answered" || errorCode.safeParse(how).success, true, `${how} after ${words}`);
        }
        const numbers = events.map(({ seq }) => seq);
        assert.deepEqual(
          numbers,
          numbers.map((_, place) => place + 1),
          "an event came twice, or out of order",
        );
        assert.equal(violations > iterations / 4, true, `${violations} violations`);
        console.log(`        ${violations} violations, ${events.length} events taken, ${peer.links} links`);
      } finally {
        bridge.close();
      }
    },
  };
}

const STATE = { activeTaskId: null, tasks: [] };

/** Stands where a machine's taskd would, and answers what it is asked unless it is told to wait. */
class Peer implements AsyncDisposable {
  links = 0;
  readonly #path: string;
  readonly #server: Server;
  #socket: Socket | undefined;
  #held: string[] | undefined;

  private constructor(server: Server, path: string) {
    this.#path = path;
    this.#server = server;
    server.on("connection", (socket) => {
      this.links++;
      this.#socket = socket;
      const splitter = new LineSplitter(LIMITS.lineBytes);
      socket.on("error", () => socket.destroy());
      socket.on("data", (chunk: Buffer) => {
        for (const line of splitter.push(chunk)) if (typeof line === "string" && line !== "") this.#hear(line);
      });
    });
  }

  static async listen(path: string): Promise<Peer> {
    const server = createServer();
    await once(server.listen(path), "listening");
    return new Peer(server, path);
  }

  async connect(): Promise<Socket> {
    const socket = connect(this.#path);
    await once(socket, "connect");
    return socket;
  }

  say(line: string | Buffer): void {
    this.#socket?.write(Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
  }

  holdAnswers(): void {
    this.#held = [];
  }

  giveAnswers(): void {
    for (const line of this.#held ?? []) this.say(line);
    this.#held = undefined;
  }

  #hear(line: string): void {
    const { id, type } = JSON.parse(line) as { id?: string; type: string };
    if (type === "runtime_hello") {
      const result = { protocol: PROTOCOL_VERSION, capabilities: [], agents: [], unsafe: false, mounts: [] };
      this.say(JSON.stringify({ id, ok: true, result }));
    } else if (id !== undefined) {
      const answer = JSON.stringify({ id, ok: true, result: STATE });
      if (this.#held === undefined) this.say(answer);
      else this.#held.push(answer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function manyTasks(sandbox: Sandbox): Check {
  return {
    id: "limits.tasks",
    claim: `a machine holds ${LIMITS.tasksPerTaskd} tasks, refuses one more with LIMIT_EXCEEDED, and takes it once another is stopped`,
    deadlineMs: 900_000,
    async run() {
      await using machine = new BareMachine(join(sandbox.directory, "many"), join(sandbox.logs, "many.log"), 6 * 1024);
      const link = await RawLink.open(machine);
      await link.greet(machine);
      const open = (taskId: string) => {
        machine.makeTask(taskId);
        return link.attempt("create_or_open_task", {
          taskId,
          title: "Many",
          folder: null,
          agent: "probe",
          model: null,
        });
      };
      for (let count = 1; count <= LIMITS.tasksPerTaskd; count++) {
        assert.equal(await open(`task-${count}`), "accepted", `task ${count}`);
        link.acknowledge();
      }
      assert.equal(await open("one-more"), "LIMIT_EXCEEDED");
      assert.equal(await link.attempt("stop_task", { taskId: "task-1" }), "accepted");
      assert.equal(await open("one-more"), "accepted");
      const state = (await link.ask("runtime_get_state", {}))["result"] as { tasks: { state: string }[] };
      assert.equal(state.tasks.filter(({ state: is }) => is === "ready").length, LIMITS.tasksPerTaskd);
    },
  };
}

/** `fuzz.ts [LINES [SEED]]` */
if (import.meta.filename === process.argv[1]) {
  const [iterations, seed] = process.argv.slice(2).map(Number);
  await buildImage();
  conclude(await fuzz(iterations, seed));
}
