import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { keepPrevious, Log } from "./log.ts";
import { type Acceleration, type AccelerationRequest, chooseAcceleration } from "./machine/acceleration.ts";
import { BOOT_DEADLINE_MS, MACHINE_MEMORY_MB, Machine } from "./machine/machine.ts";
import { type Places, REPOSITORY, recordsDirectory, tasksDirectory } from "./places.ts";
import type { CallOutput, StatusView } from "./protocol/control.ts";
import { PiworkError } from "./protocol/errors.ts";
import type { EventName, EventPayload, RuntimeEvent } from "./protocol/events.ts";
import { findImage, type Image } from "./protocol/image.ts";
import type { AgentKind } from "./protocol/rpc.ts";
import { StateLock } from "./state-lock.ts";
import { Records } from "./tasks/records.ts";
import { Tasks } from "./tasks/tasks.ts";
import { VERSION } from "./version.ts";
import { resolveFolder } from "./workspace/folder.ts";

export interface RuntimeOptions {
  places: Places;
  /** real path of the workspace root */
  workspace: string;
  agent: AgentKind;
  acceleration: AccelerationRequest;
  /** makes the guest image, where there is none for this version */
  buildImage(signal: AbortSignal): Promise<void>;
  /** told in words what is being done, when it may take a while */
  progress(words: string): void;
}

/** The runtime of one state directory: its tasks, and the machine they share. */
export class Runtime implements AsyncDisposable {
  readonly tasks: Tasks;
  readonly log: Log;
  readonly startedAt = new Date().toISOString();
  readonly #options: RuntimeOptions;
  readonly #lock: StateLock;
  readonly #events = new EventEmitter<{ event: [RuntimeEvent] }>();
  #seq = 0;
  #machine: Promise<Machine> | undefined;
  #running: Machine | undefined;
  #machinesStarted = 0;
  #image: Image | undefined;
  #acceleration: Acceleration | undefined;
  #starting: string | null = null;
  readonly #ending = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    const { places } = options;
    this.#lock = StateLock.take(places.state);
    this.log = new Log(places.logs);
    keepPrevious(this.consoleLog);
    this.#events.setMaxListeners(0);
    this.tasks = new Tasks({
      records: new Records(recordsDirectory(places)),
      tasksDirectory: tasksDirectory(places),
      agent: options.agent,
      resolveFolder: (named) => resolveFolder(options.workspace, named),
      bridge: async () => (await this.machine()).bridge,
      subscribe: (listener) => this.subscribe(listener),
      warn: (message, facts) => this.log.warn(message, facts),
    });
    this.log.info("runtime started", { workspace: options.workspace, state: places.state, pid: process.pid });
  }

  get consoleLog(): string {
    return join(this.#options.places.logs, "qemu.log");
  }

  subscribe(listener: (event: RuntimeEvent) => void): Disposable {
    this.#events.on("event", listener);
    return { [Symbol.dispose]: () => void this.#events.off("event", listener) };
  }

  /** The machine of all tasks, booted at the first call and again after it was lost. */
  async machine(): Promise<Machine> {
    this.#ending.signal.throwIfAborted();
    this.#machine ??= this.#boot().catch((error) => {
      this.#machine = undefined;
      this.log.error("no machine", { error });
      throw error;
    });
    return this.#machine;
  }

  async #boot(): Promise<Machine> {
    const { places, workspace, progress } = this.#options;
    const step = (words: string) => {
      this.#starting = words;
      this.log.info(words);
      progress(words);
    };
    try {
      const image = await this.#findOrBuildImage(step);
      this.#image = image;
      this.#acceleration ??= await chooseAcceleration(this.#options.acceleration, {
        image,
        cache: places.cache,
        scratch: places.sockets,
        onProbe: () => step("asking KVM to boot a kernel (once for this host, up to 15 s)"),
        signal: this.#ending.signal,
      });
      step(`booting a machine (${this.#acceleration.used}: ${this.#acceleration.reason})`);
      const machine = await Machine.boot({
        id: `machine-${++this.#machinesStarted}`,
        image,
        accelerator: this.#acceleration.used,
        shares: [
          { tag: "workspace", path: workspace },
          { tag: "tasks", path: tasksDirectory(places) },
        ],
        sockets: join(places.sockets, `machine-${this.#machinesStarted}`),
        consoleLog: this.consoleLog,
        observer: {
          event: (event) => this.#publish(event.taskId, event.event, event.payload),
          violation: (what) => this.log.warn("the machine broke the protocol", { what }),
        },
        deadlineMs: BOOT_DEADLINE_MS,
        signal: this.#ending.signal,
      });
      this.log.info("machine runs", {
        id: machine.id,
        pid: machine.pid,
        bootMs: Math.round(machine.bootMs),
        qemu: machine.qemuWords,
        hello: machine.hello,
      });
      this.#running = machine;
      void machine.ended.then(() => this.#loseMachine(machine));
      return machine;
    } finally {
      this.#starting = null;
    }
  }

  async #findOrBuildImage(step: (words: string) => void): Promise<Image> {
    const { places, buildImage } = this.#options;
    const find = () => findImage(places.cache, REPOSITORY);
    const found = find();
    if (found !== undefined) return found;
    step("building the guest image (once for each version, a minute or two)");
    await buildImage(this.#ending.signal);
    const built = find();
    if (built !== undefined) return built;
    throw new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      "The image build left no image for these sources; they may have changed meanwhile. Run it again.",
    );
  }

  #loseMachine(machine: Machine): void {
    if (this.#running === machine) this.#running = undefined;
    this.#machine = undefined;
    if (this.#ending.signal.aborted) return;
    this.log.error("the machine ended by itself", { id: machine.id });
    const reason = new PiworkError(
      "PI_PROCESS_DEAD",
      `The machine ended by itself, and with it what was under way; ${this.consoleLog} has its last words. The next prompt starts another one.`,
    );
    for (const { taskId, payload } of [...this.tasks.endings(reason)]) this.#publish(taskId, "task_error", payload);
  }

  /** Every event gets the runtime's own number: those of machines that followed each other stay in one order. */
  #publish<N extends EventName>(taskId: string | null, event: N, payload: EventPayload<N>): void {
    const published = {
      type: "event",
      event,
      timestamp: Date.now(),
      taskId,
      seq: ++this.#seq,
      payload,
    } as RuntimeEvent;
    if (event !== "agent_output" && event !== "exec_output") this.log.info("event", { event, taskId, payload });
    this.#events.emit("event", published);
  }

  status(): StatusView {
    const { places, workspace } = this.#options;
    const machine = this.#running;
    return {
      version: VERSION,
      pid: process.pid,
      startedAt: this.startedAt,
      workspace,
      state: places.state,
      logs: places.logs,
      isolation: "shared",
      starting: this.#starting,
      acceleration: this.#acceleration ?? null,
      image:
        this.#image === undefined
          ? null
          : {
              inputs: this.#image.manifest.inputs,
              kernel: this.#image.manifest.kernel.release,
              node: this.#image.manifest.node.version,
            },
      machines:
        machine === undefined
          ? []
          : [
              {
                id: machine.id,
                state: machine.state,
                pid: machine.pid ?? null,
                memoryMb: MACHINE_MEMORY_MB,
                residentKb: residentKb(machine.pid),
                bootMs: Math.round(machine.bootMs),
                startedAt: new Date(machine.startedAt).toISOString(),
              },
            ],
      tasks: this.tasks.list(),
      activeTask: this.tasks.activeId,
      warnings: warnings(this.#acceleration),
    };
  }

  async diagnose(): Promise<CallOutput<"diag">> {
    const machine = await this.machine();
    return [
      {
        machine: machine.id,
        qemu: [...machine.qemuWords],
        guest: await machine.bridge.request("runtime_diag", {}, { deadlineMs: 30_000 }),
      },
    ];
  }

  /** Ends every task, then the machine, then the runtime. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#running !== undefined) await this.tasks.stopAll();
    this.#ending.abort(new PiworkError("TASK_NOT_READY", "The runtime is stopping."));
    const machine = await this.#machine?.catch(() => undefined);
    await machine?.stop();
    this.log.info("runtime stopped");
    this.log.close();
    this.#lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function residentKb(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  try {
    return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return null; // it has just ended
  }
}

/** What the numbers do not say by themselves. */
function warnings(acceleration: Acceleration | undefined): string[] {
  const always = [
    "Tasks share one machine and one user: the walls between them are not proven yet. Give agents only what they may all see.",
  ];
  if (acceleration?.used !== "tcg") return always;
  return [...always, "Software emulation: QEMU's project gives no security guarantee without hardware virtualisation."];
}
