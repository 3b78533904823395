import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Bridge } from "../bridge/bridge.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import type { Image } from "../protocol/image.ts";
import { type Result, UNSAFE_WORD } from "../protocol/rpc.ts";
import { MACHINE_TRANSITIONS, type MachineState } from "../protocol/states.ts";
import { type Share, ShareProof, shareDevices, shareExports } from "../workspace/share.ts";
import { type Accelerator, qemuArguments } from "./arguments.ts";
import { Console } from "./console.ts";
import { explainEnd, type Hypervisor, QEMU, spawnHypervisor } from "./hypervisor.ts";
import { connectWhenThere, Qmp } from "./qmp.ts";
import { seenByQemu, type Walls } from "./walls.ts";

/** Time a machine has from spawn to its first answer. Under load and software emulation 4 s become 20. */
export const BOOT_DEADLINE_MS = 90_000;
/** Time QEMU has to end after it was told to, before it is killed. */
const QUIT_GRACE_MS = 5_000;

/** Memory of a machine that all tasks share, in MiB. */
export const MACHINE_MEMORY_MB = 1024;

export interface MachineObserver {
  event(event: RuntimeEvent): void;
  /** the guest said something that the protocol does not know */
  violation(what: string): void;
  changed(from: MachineState, to: MachineState, why: string): void;
}

export interface BootOptions {
  id: string;
  image: Image;
  accelerator: Accelerator;
  /** boots a machine that is there to be attacked, and takes no other */
  unsafe: boolean;
  walls: Walls;
  shares: readonly Share[];
  /** directory for this machine's sockets; made and removed by the machine */
  sockets: string;
  /** file for its serial console */
  consoleLog: string;
  observer: MachineObserver;
  /** time it has for its first answer, in milliseconds */
  deadlineMs: number;
  /** gives up the boot */
  signal: AbortSignal;
}

/** One virtual machine and the link to its taskd. */
export class Machine implements AsyncDisposable {
  readonly id: string;
  readonly qemuWords: readonly string[];
  readonly bridge: Bridge;
  readonly startedAt = Date.now();
  /** Resolves, when QEMU is gone and its sockets with it, with what ended it. */
  readonly ended: Promise<PiworkError>;
  /** milliseconds from spawn to the first answer, shares proven */
  bootMs: number | null = null;
  hello: Result<"runtime_hello"> | undefined;
  #state: MachineState = "booting";
  #qmp: Qmp | undefined;
  readonly #hypervisor: Hypervisor;
  readonly #console: Console;
  readonly #observer: MachineObserver;
  /** aborts, with the reason, what waits for this machine to come up */
  readonly #failed = new AbortController();

  private constructor(options: BootOptions) {
    this.id = options.id;
    this.#observer = options.observer;
    const paths = { image: options.image.dir, sockets: options.sockets, exports: shareExports(options.shares) };
    const seen = seenByQemu(paths, options.walls);
    const shape = {
      accelerator: options.accelerator,
      memoryMb: MACHINE_MEMORY_MB,
      fileDevices: shareDevices(seen.exports),
      kernelWords: options.unsafe ? [UNSAFE_WORD] : [],
    };
    this.qemuWords = qemuArguments(shape, seen);
    rmSync(options.sockets, { recursive: true, force: true }); // left by a runtime that was killed
    mkdirSync(options.sockets, { mode: 0o700 });
    this.#hypervisor = spawnHypervisor(paths, options.accelerator, [QEMU, ...this.qemuWords], options.walls);
    this.#console = new Console(options.consoleLog);
    this.#hypervisor.console.on("data", (chunk: Buffer) => this.#console.write(chunk));
    this.bridge = new Bridge(() => connectWhenThere(join(options.sockets, "taskd.sock"), this.#failed.signal), {
      event: options.observer.event,
      violation: options.observer.violation,
      responsive: (isSo) =>
        isSo
          ? this.#become("running", "it answers again")
          : this.#become("unresponsive", "it does not answer, and is ended unless it does soon"),
    });
    this.ended = this.#follow(options.sockets);
    // A link that is gone for good leaves a machine that nobody can reach.
    void this.bridge.closed.then(() => this.#hypervisor.kill());
  }

  get state(): MachineState {
    return this.#state;
  }

  /** QEMU's process id on the host. */
  get pid(): number | undefined {
    return this.#hypervisor.pid;
  }

  /** Starts a machine; `up` resolves once its taskd answered and every share was proven from inside. */
  static boot(options: BootOptions): { machine: Machine; up: Promise<Machine> } {
    const machine = new Machine(options);
    return { machine, up: machine.#comeUp(options) };
  }

  async #comeUp({ deadlineMs, signal, shares, sockets, unsafe }: BootOptions): Promise<Machine> {
    const fail = (reason: unknown) => this.#failed.abort(reason);
    const watchdog = setTimeout(() => {
      const why = `The machine did not answer within ${deadlineMs / 1000} s; the last thing on its console was: ${this.#console.lastLine}`;
      fail(new PiworkError("TASK_BOOTSTRAP_FAILED", why));
    }, deadlineMs);
    const giveUp = () => fail(signal.reason);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    try {
      const { promise, stop } = rejection(this.#failed.signal);
      try {
        this.hello = await Promise.race([promise, this.#connect(shares, sockets)]);
      } catch (error) {
        // A link that breaks is QEMU ending: that is noticed a moment later, and says why.
        if (error instanceof PiworkError && error.code === "TASK_NOT_READY")
          await Promise.race([promise, delay(1_000)]);
        throw error;
      } finally {
        stop();
      }
      if (this.hello.unsafe !== unsafe)
        throw new PiworkError("TASK_BOOTSTRAP_FAILED", "The machine was started without its walls and was refused.");
      this.bootMs = performance.now() - this.#hypervisor.spawnedAt;
      this.#become("running", "taskd answers and every share is proven");
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

  async #connect(shares: readonly Share[], sockets: string): Promise<Result<"runtime_hello">> {
    this.#qmp = await Qmp.connect(join(sockets, "qmp.sock"), this.#failed.signal);
    const proofs: ShareProof[] = [];
    try {
      for (const share of shares) proofs.push(new ShareProof(share));
      const hello = await this.bridge.open(proofs.map(({ request }) => request));
      for (const proof of proofs) proof.check(hello.mounts);
      return hello;
    } finally {
      for (const proof of proofs) proof[Symbol.dispose]();
    }
  }

  async #follow(sockets: string): Promise<PiworkError> {
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
    rmSync(sockets, { recursive: true, force: true });
    this.#become("ended", reason.message);
    this.bridge.close(reason);
    this.#qmp?.close();
    return reason;
  }

  /** Ends the machine in order; whoever still has work in it has been stopped before. */
  async stop(): Promise<void> {
    if (this.#state === "running" || this.#state === "unresponsive") {
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
    this.#observer.changed(from, state, why);
  }
}

/** A promise that rejects with the reason of a signal. */
function rejection(signal: AbortSignal): { promise: Promise<never>; stop(): void } {
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail);
    stop = () => signal.removeEventListener("abort", fail);
  });
  promise.catch(() => {});
  return { promise, stop };
}
