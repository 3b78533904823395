import { closeSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { Bridge, type BridgeObserver } from "../bridge/bridge.ts";
import { NetworkLink } from "../bridge/network-link.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { Result } from "../protocol/rpc.ts";
import { MACHINE_TRANSITIONS, type MachineState } from "../protocol/states.ts";
import type { MachineFiles } from "../workspace/files.ts";
import { qemuArguments } from "./arguments.ts";
import { Console } from "./console.ts";
import { explainEnd, type Hypervisor, QEMU, spawnHypervisor } from "./hypervisor.ts";
import { removeSockets } from "./left-sockets.ts";
import { processorMs } from "./processor-time.ts";
import { connectWhenThere, Qmp } from "./qmp.ts";
import { MACHINE_MEMORY_MB, machineShape, type Template, type TemplateKind } from "./template.ts";
import { seenByQemu, type Walls } from "./walls.ts";

/** Time a machine has from spawn to its first answer. Under load and software emulation 4 s become 20. */
export const BOOT_DEADLINE_MS = 90_000;
/** Time QEMU has to end after it was told to, before it is killed. */
const QUIT_GRACE_MS = 5_000;

const runState = z.looseObject({ status: z.string() });

export interface MachineObserver extends Pick<BridgeObserver, "event" | "violation"> {
  changed(from: MachineState, to: MachineState, why: string): void;
  /** a process in the machine, of this task as the machine says, has opened a connection to its network */
  connection(stream: Duplex, task: string): void;
}

/** With `unsafe` it boots a machine that is there to be attacked, and takes no other. */
export interface BootOptions extends Pick<TemplateKind, "image" | "accelerator" | "unsafe"> {
  id: string;
  walls: Walls;
  files: MachineFiles;
  /** directory for this machine's sockets; made and removed by the machine */
  sockets: string;
  /** file for its serial console */
  consoleLog: string;
  observer: MachineObserver;
  /** time it has for its first answer, in milliseconds */
  deadlineMs: number;
  /** gives up the boot */
  signal: AbortSignal;
  /** a template that it goes on from, or the memory of what becomes one; without it, it is booted with memory of its own */
  memory?: { use: "clone"; template: Template } | { use: "template"; fd: number };
  /** the time that the machine is told, in milliseconds since the epoch; without it, the time that it is */
  now?: () => number;
}

/** One virtual machine and the link to its taskd. */
export class Machine implements AsyncDisposable {
  readonly id: string;
  readonly qemuWords: readonly string[];
  readonly bridge: Bridge;
  readonly files: MachineFiles;
  readonly startedAt = Date.now();
  /** Resolves, when QEMU is gone and its sockets with it, with what ended it. */
  readonly ended: Promise<PiworkError>;
  /** milliseconds from spawn to the first answer, and the files that it was greeted with are those that it has */
  bootMs: number | null = null;
  /** what it may use of the host at most, in MiB, beside what QEMU itself takes */
  memoryMb = MACHINE_MEMORY_MB;
  hello: Result<"runtime_hello"> | undefined;
  /** when each step of its start was done, in milliseconds from its spawn */
  readonly steps: { name: string; at: number }[] = [];
  #state: MachineState = "booting";
  /** while it is paused */
  #rest: { over: Promise<void>; end(): void } | undefined;
  #qmp: Qmp | undefined;
  #network: NetworkLink | undefined;
  readonly #hypervisor: Hypervisor;
  readonly #console: Console;
  readonly #observer: MachineObserver;
  /** the directory of its sockets, as QEMU sees it */
  readonly #socketsSeen: string;
  /** aborts, with the reason, what waits for this machine to come up */
  readonly #failed = new AbortController();
  /** rejects with that reason */
  readonly #failure = new Promise<never>((_, reject) => {
    this.#failed.signal.addEventListener("abort", () => reject(this.#failed.signal.reason));
  });

  private constructor(options: BootOptions) {
    this.#failure.catch(() => {}); // told where it is waited for
    this.id = options.id;
    this.#observer = options.observer;
    const { files, memory } = options;
    this.files = files;
    const paths = { image: options.image.dir, sockets: options.sockets, exports: files.exports };
    const seen = seenByQemu(paths, options.walls);
    const shape = {
      ...machineShape(options),
      fileDevices: files.deviceWords(seen.exports),
      memory: memory?.use,
    };
    this.qemuWords = qemuArguments(shape, seen);
    this.#socketsSeen = seen.sockets;
    const stays = (error: unknown) =>
      this.#observer.violation(`what a machine left beside its sockets could not be removed: ${error}`);
    void removeSockets(options.sockets, stays); // left by a runtime that was killed
    mkdirSync(options.sockets, { mode: 0o700 });
    const state = memory?.use === "clone" ? memory.template.openState() : undefined;
    const inherited = [memory?.use === "clone" ? memory.template.memory.fd : memory?.fd, state];
    this.#hypervisor = spawnHypervisor(paths, options.accelerator, [QEMU, ...this.qemuWords], options.walls, {
      prefix: files.view,
      inherited: inherited.filter((fd) => fd !== undefined),
    });
    if (state !== undefined) closeSync(state);
    this.#console = new Console(options.consoleLog);
    this.#hypervisor.console.on("data", (chunk: Buffer) => this.#console.write(chunk));
    const observer = {
      event: options.observer.event,
      violation: options.observer.violation,
      responsive: (isSo: boolean) =>
        isSo
          ? this.#become("running", "it answers again")
          : this.#become("unresponsive", "it does not answer, and is ended unless it does soon"),
      rouse: () => this.resume(),
      now: options.now ?? Date.now,
    };
    const lastSeq = memory?.use === "clone" ? memory.template.manifest.lastSeq : 0;
    const connect = () => connectWhenThere(join(options.sockets, "taskd.sock"), this.#failed.signal);
    this.bridge = new Bridge(connect, observer, lastSeq);
    this.ended = this.#follow(options.sockets, stays);
    // A link that is gone for good leaves a machine that nobody can reach.
    void this.bridge.closed.then(() => {
      this.#network?.close();
      this.#hypervisor.kill();
    });
  }

  get state(): MachineState {
    return this.#state;
  }

  /** Connections of its tasks to their network. */
  get connections(): number {
    return this.#network?.connections ?? 0;
  }

  /** QEMU's process id on the host. */
  get pid(): number | undefined {
    return this.#hypervisor.pid;
  }

  /** Resolves when it runs or has ended: at once, unless it is paused. */
  get awake(): Promise<void> {
    return this.#rest?.over ?? Promise.resolve();
  }

  /** While it is paused: how long QEMU has run so far, in milliseconds, and when the rest is over. */
  get rest(): { ranMs: number; over: Promise<void> } | undefined {
    const ranMs = this.pid === undefined ? undefined : processorMs(this.pid);
    return this.#rest === undefined || ranMs === undefined ? undefined : { ranMs, over: this.#rest.over };
  }

  /** Starts a machine; `up` resolves once its taskd answered and has the files that it was greeted with. */
  static boot(options: BootOptions): { machine: Machine; up: Promise<Machine> } {
    const machine = new Machine(options);
    return { machine, up: machine.#comeUp(options) };
  }

  async #comeUp(options: BootOptions): Promise<Machine> {
    const { deadlineMs, signal, unsafe } = options;
    const fail = (reason: unknown) => this.#failed.abort(reason);
    const watchdog = setTimeout(() => {
      const why = `The machine did not answer within ${deadlineMs / 1000} s; the last thing on its console was: ${this.#console.lastLine}`;
      fail(new PiworkError("TASK_BOOTSTRAP_FAILED", why));
    }, deadlineMs);
    const giveUp = () => fail(signal.reason);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    try {
      this.hello = await Promise.race([this.#failure, this.#connect(options)]).catch(async (error) => {
        // A link that breaks is QEMU ending: that is noticed a moment later, and says why.
        if (error instanceof PiworkError && error.code === "TASK_NOT_READY")
          await Promise.race([this.#failure, delay(1_000)]);
        throw error;
      });
      if (this.hello.unsafe !== unsafe)
        throw new PiworkError("TASK_BOOTSTRAP_FAILED", "The machine was started without its walls and was refused.");
      this.bootMs = this.#did("taskd answers");
      this.#become("running", "taskd answers");
      return this;
    } catch (error) {
      fail(error);
      this.#hypervisor.kill();
      await this.ended;
      throw error;
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", giveUp);
    }
  }

  async #connect({ files, sockets, memory }: BootOptions): Promise<Result<"runtime_hello">> {
    const qmp = await Qmp.connect(join(sockets, "qmp.sock"), this.#failed.signal, undefined, (reason) => {
      this.#failed.abort(reason);
      this.#hypervisor.kill();
    });
    this.#qmp = qmp;
    this.#did("QEMU starts");
    this.#linkNetwork(join(sockets, "network.sock"));
    using handover = files.greet();
    // A clone goes on with the link that its template had, so it is there first.
    const greeted = this.bridge.open(handover?.message ?? null);
    greeted.catch(() => {}); // told where it is waited for
    if (memory?.use === "clone") {
      await qmp.load();
      await this.#untilLoaded(qmp);
      this.#did("the saved state is loaded");
    }
    const hello = await greeted;
    handover?.check();
    return hello;
  }

  /** A clone goes on with this link as well: it is there before the clone is. */
  #linkNetwork(path: string): void {
    const linking = connectWhenThere(path, this.#failed.signal).then((socket) => {
      this.#network = new NetworkLink(socket, {
        opened: (stream, task) => this.#observer.connection(stream, task),
        moves: () => this.resume(),
        broken: (what) => this.bridge.breakOff(what),
      });
    });
    linking.catch(() => {}); // it ends, which is noticed elsewhere
  }

  /** It goes on by itself as soon as it is. */
  async #untilLoaded(qmp: Qmp): Promise<void> {
    for (;;) {
      const { status } = runState.parse(await qmp.execute("query-status"));
      if (status !== "inmigrate") return;
      await delay(2, undefined, { signal: this.#failed.signal });
    }
  }

  #did(name: string): number {
    const at = performance.now() - this.#hypervisor.spawnedAt;
    this.steps.push({ name, at });
    return at;
  }

  /** What QEMU calls it. Asking does not wake it. */
  async runState(deadlineMs: number): Promise<string> {
    if (this.#qmp === undefined)
      throw new PiworkError("TASK_NOT_READY", "QEMU's control channel is not there yet; the machine is coming up.");
    return runState.parse(await this.#qmp.execute("query-status", {}, deadlineMs)).status;
  }

  /** Has the machine grow to this memory, in MiB, once at most; its kernel takes it into use within a moment of running. */
  async growTo(memoryMb: number): Promise<void> {
    const mb = memoryMb - this.memoryMb;
    if (mb <= 0) return;
    if (this.#qmp === undefined) throw new PiworkError("INTERNAL_ERROR", "Memory is added to a machine once it runs.");
    await this.#qmp.execute("object-add", { "qom-type": "memory-backend-ram", id: "added", size: mb * 1024 * 1024 });
    await this.#qmp.execute("device_add", { driver: "pc-dimm", id: "dimm", memdev: "added" });
    this.memoryMb = memoryMb;
  }

  /** Saves all of it but its memory to a socket beside its own; it does not go on afterwards. */
  async save(socket: string): Promise<void> {
    const qmp = this.#qmp;
    if (qmp === undefined) throw new PiworkError("INTERNAL_ERROR", "A machine is saved once it runs.");
    await qmp.save(join(this.#socketsSeen, socket), this.#failed.signal);
  }

  async #follow(sockets: string, stays: (error: unknown) => void): Promise<PiworkError> {
    const end = await this.#hypervisor.ended;
    const words = explainEnd(end, this.#console.lastLine);
    const wasBooting = this.#state === "booting";
    // Who gave the machine up knows better than how it ended then.
    const known = this.#failed.signal.aborted ? this.#failed.signal.reason : this.bridge.closedFor;
    const reason =
      known instanceof PiworkError
        ? known
        : new PiworkError(wasBooting ? "TASK_BOOTSTRAP_FAILED" : "PI_PROCESS_DEAD", words);
    this.#failed.abort(reason);
    await this.#console.close();
    await removeSockets(sockets, stays);
    this.#become("ended", reason.message);
    this.bridge.close(reason);
    this.#network?.close();
    this.#qmp?.close();
    return reason;
  }

  /** Stops its processor; whatever is asked of it next starts it again. */
  async pause(): Promise<void> {
    if (this.#state !== "running") return;
    this.#become("paused", "nothing is in flight");
    this.bridge.pause();
    await this.#qmp?.execute("stop");
  }

  /** Starts it again where it is paused. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#become("running", "something was asked of it");
    // QEMU does one after the other, also with a pause that is under way.
    this.#qmp?.execute("cont").catch(() => this.#hypervisor.kill());
    this.bridge.resume();
  }

  /** Ends the machine in order; whoever still has work in it has been stopped before. */
  async stop(): Promise<void> {
    if (this.#state === "running" || this.#state === "paused" || this.#state === "unresponsive") {
      this.#become("stopping", "asked to");
      const overdue = setTimeout(() => this.#hypervisor.kill(), QUIT_GRACE_MS);
      await this.#qmp?.execute("quit").catch(() => this.#hypervisor.kill());
      await this.ended;
      clearTimeout(overdue);
    }
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #become(state: MachineState, why: string): void {
    const from = this.#state;
    if (!MACHINE_TRANSITIONS[from].includes(state)) return; // it is ending, and a last sign of life comes too late
    this.#state = state;
    this.#rest?.end();
    this.#rest = state === "paused" ? beginRest() : undefined;
    // A pause is nobody's business, and there are many.
    if (from !== "paused" && state !== "paused") this.#observer.changed(from, state, why);
    else if (from === "paused" && state !== "running") this.#observer.changed("running", state, why);
  }
}

function beginRest() {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end };
}
