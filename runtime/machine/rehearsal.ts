import { EventEmitter, once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import type { Bridge } from "../bridge/bridge.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import type { AgentKind } from "../protocol/kinds.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ProviderView } from "../protocol/providers.ts";
import { rehearsalAnswer, USE_A_TOOL } from "../protocol/rehearsal-answer.ts";
import type { Payload } from "../protocol/rpc.ts";
import type { FilePlaces } from "../workspace/files.ts";
import { makeGuestDirectories } from "../workspace/guest-directories.ts";
import type { Machine } from "./machine.ts";

/** Task of rehearsals; tasks of people have longer ids. */
export const REHEARSAL = "rehearsal";
const REHEARSAL_FOLDER = "folder";
const PROVIDER: ProviderView = {
  name: "rehearsal",
  api: "openai-completions",
  models: [{ id: "rehearsal", reasoning: false, contextWindow: 128_000, maxTokens: 4096 }],
};
/** Time each step has, in milliseconds; it takes a second, and with all cores busy, many. */
const DEADLINE_MS = 300_000;

/** Slots that wait: one for the rehearsal, which takes it as a task does, and one for a task. */
export const SLOTS = 2;

type Chosen = Pick<Payload<"create_or_open_task">, "model" | "thinking" | "providers" | "permissions" | "memoryBytes">;

/** A task that nothing was chosen for. */
export const NOTHING_CHOSEN: Chosen = {
  model: null,
  thinking: null,
  providers: [],
  permissions: { decisions: [], ask: [] },
  memoryBytes: LIMITS.taskMemoryBytes,
};

/** What an agent is asked: to answer, and to have a command run. */
const PROMPTS: Record<AgentKind, readonly string[]> = {
  probe: ["hello", "run: true"],
  pi: ["hello", USE_A_TOOL],
};

/** How often each thing is done. */
export interface Amount {
  prompts: number;
  commands: number;
  looks: number;
}

/**
 * The whole life of a task, on directories of nobody. Where a processor is emulated, what has run before costs a tenth of what
 * runs for the first time: a machine rehearses before it is saved, and one of the pool before it is given away.
 */
export class Rehearsal implements Disposable {
  /** where its files are */
  readonly places: FilePlaces;
  readonly #directory: string;
  /** its model; nothing leaves the host for it */
  readonly #model = createServer((request, response) => {
    text(request)
      .then((body) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(rehearsalAnswer(body));
      })
      .catch(() => response.destroy()); // what cannot be understood gets no answer
  });
  readonly #events = new EventEmitter();

  /** Makes its directories, in an existing private one. */
  constructor(scratch: string, name: string) {
    this.#directory = join(scratch, name);
    this.places = { workspace: join(this.#directory, "workspace"), tasks: join(this.#directory, "tasks") };
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(join(this.places.workspace, REHEARSAL_FOLDER), { recursive: true, mode: 0o700 });
    makeGuestDirectories(this.places.tasks, REHEARSAL);
  }

  /** Serves what the task of the rehearsal opens; nobody else is there. */
  connect(stream: Duplex, task: string): void {
    if (task === REHEARSAL) this.#model.emit("connection", stream);
    else stream.destroy();
  }

  hear(event: RuntimeEvent): void {
    this.#events.emit(event.event);
  }

  async perform(machine: Machine, agent: AgentKind, { prompts, commands, looks }: Amount): Promise<void> {
    const { bridge, files } = machine;
    const options = { deadlineMs: DEADLINE_MS };
    const taskId = REHEARSAL;
    const folder = REHEARSAL_FOLDER;
    await bridge.request("runtime_warm", { agent, slots: SLOTS }, options);
    {
      using given = await files.give({ id: taskId, folder }, this.places);
      const task = { taskId, title: taskId, folder, agent, ...NOTHING_CHOSEN, files: given.message };
      await bridge.request("create_or_open_task", { ...task, providers: [PROVIDER] }, options);
      given.check();
    }
    await this.#until(bridge, "task_ready", () => bridge.request("switch_task", { taskId }, options));
    for (let count = 0; count < prompts; count++) {
      const message = PROMPTS[agent][count % PROMPTS[agent].length] as string;
      await this.#until(bridge, "agent_end", () => bridge.request("prompt", { taskId, message }, options));
    }
    for (let count = 0; count < commands; count++)
      await bridge.request("system_bash", { taskId, argv: ["true"] }, options);
    for (let count = 0; count < looks; count++) {
      await bridge.wake();
      await bridge.request("runtime_settle", {}, options);
    }
    await bridge.request("stop_task", { taskId }, options);
    await files.withdraw();
  }

  async #until(bridge: Bridge, name: RuntimeEvent["event"], begin: () => Promise<unknown>): Promise<void> {
    const happened = once(this.#events, name);
    await begin();
    await Promise.race([happened, bridge.closed]);
    if (bridge.closedFor !== undefined) throw bridge.closedFor;
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
