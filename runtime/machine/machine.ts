import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Bridge, type BridgeObserver } from "../bridge/bridge.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { Image } from "../protocol/image.ts";
import { PROTOCOL_VERSION, type Result } from "../protocol/rpc.ts";
import { type Share, ShareProof, shareDevices } from "../workspace/share.ts";
import { type Accelerator, qemuArguments } from "./arguments.ts";
import { Console } from "./console.ts";
import { explainEnd, type Hypervisor, spawnHypervisor } from "./hypervisor.ts";
import { connectWhenThere, Qmp } from "./qmp.ts";

/** Time a machine has from spawn to its first answer. Under load and software emulation 4 s become 20. */
export const BOOT_DEADLINE_MS = 90_000;
/** Time QEMU has to end after it was told to, before it is killed. */
const QUIT_GRACE_MS = 5_000;

/** Memory of a machine that all tasks share, in MiB. */
export const MACHINE_MEMORY_MB = 1024;

export interface BootOptions {
  id: string;
  image: Image;
  accelerator: Accelerator;
  shares: readonly Share[];
  /** directory for this machine's sockets; made and removed by the machine */
  sockets: string;
  /** file for its serial console */
  consoleLog: string;
  observer: BridgeObserver;
  /** time it has for its first answer, in milliseconds */
  deadlineMs: number;
  /** gives up the boot */
  signal: AbortSignal;
}

export type MachineState = "running" | "stopping" | "ended";

/** One virtual machine and the link to its taskd. */
export class Machine implements AsyncDisposable {
  readonly id: string;
  readonly hello: Result<"runtime_hello">;
  readonly bridge: Bridge;
  readonly qemuWords: readonly string[];
  /** milliseconds from spawn to the first answer, shares proven */
  readonly bootMs: number;
  readonly startedAt = Date.now();
  /** Resolves when QEMU is gone and its sockets with it. */
  readonly ended: Promise<void>;
  #state: MachineState = "running";
  readonly #hypervisor: Hypervisor;
  readonly #qmp: Qmp;

  private constructor(parts: {
    id: string;
    hello: Result<"runtime_hello">;
    bridge: Bridge;
    qemuWords: readonly string[];
    bootMs: number;
    hypervisor: Hypervisor;
    qmp: Qmp;
    cleaned: Promise<void>;
  }) {
    this.id = parts.id;
    this.hello = parts.hello;
    this.bridge = parts.bridge;
    this.qemuWords = parts.qemuWords;
    this.bootMs = parts.bootMs;
    this.#hypervisor = parts.hypervisor;
    this.#qmp = parts.qmp;
    this.ended = parts.cleaned.then(() => {
      this.#state = "ended";
      this.bridge.close();
      this.#qmp.close();
    });
  }

  get state(): MachineState {
    return this.#state;
  }

  /** QEMU's process id on the host. */
  get pid(): number | undefined {
    return this.#hypervisor.pid;
  }

  /** Boots a machine and believes in it only after its taskd answered and every share was proven from inside. */
  static async boot(options: BootOptions): Promise<Machine> {
    const spawnedAt = performance.now();
    rmSync(options.sockets, { recursive: true, force: true }); // left by a runtime that was killed
    mkdirSync(options.sockets, { mode: 0o700 });
    const qemuWords = qemuArguments({
      accelerator: options.accelerator,
      memoryMb: MACHINE_MEMORY_MB,
      fileDevices: shareDevices(options.shares),
      kernelWords: [],
    });
    const hypervisor = spawnHypervisor(
      {
        image: options.image.dir,
        sockets: options.sockets,
        exports: Object.fromEntries(options.shares.map(({ tag, path }) => [tag, path])),
      },
      options.accelerator,
      qemuWords,
    );
    const console = new Console(options.consoleLog);
    hypervisor.console.on("data", (chunk: Buffer) => console.write(chunk));

    const failed = new AbortController();
    const watchdog = setTimeout(() => {
      const why = `The machine did not answer within ${options.deadlineMs / 1000} s; the last thing on its console was: ${console.lastLine}`;
      failed.abort(new PiworkError("TASK_BOOTSTRAP_FAILED", why));
    }, options.deadlineMs);
    const giveUp = () => failed.abort(options.signal.reason);
    options.signal.addEventListener("abort", giveUp);
    if (options.signal.aborted) giveUp();
    const cleaned = hypervisor.ended.then(async (end) => {
      failed.abort(explainEnd(end, console.lastLine));
      await console.close();
      rmSync(options.sockets, { recursive: true, force: true });
    });
    // Whatever hangs, the reason for giving up is the one the watchdog or the end of QEMU gave.
    const failure = new Promise<never>((_, reject) => {
      const fail = () => reject(failed.signal.reason);
      if (failed.signal.aborted) fail();
      failed.signal.addEventListener("abort", fail);
    });
    failure.catch(() => {});
    const orFailed = <T>(work: Promise<T>): Promise<T> => Promise.race([failure, work.catch(orItsReason)]);
    const orItsReason = async (error: unknown): Promise<never> => {
      // A link that breaks is QEMU ending: that is noticed a moment later, and says why.
      if (error instanceof PiworkError && error.code === "TASK_NOT_READY") await Promise.race([failure, delay(1_000)]);
      throw error;
    };

    try {
      const qmp = await orFailed(Qmp.connect(join(options.sockets, "qmp.sock"), failed.signal));
      const bridge = new Bridge(
        await orFailed(connectWhenThere(join(options.sockets, "taskd.sock"), failed.signal)),
        options.observer,
      );
      const hello = await orFailed(sayHello(bridge, options.shares));
      return new Machine({
        id: options.id,
        hello,
        bridge,
        qemuWords,
        bootMs: performance.now() - spawnedAt,
        hypervisor,
        qmp,
        cleaned,
      });
    } catch (error) {
      hypervisor.kill();
      await cleaned;
      throw error;
    } finally {
      clearTimeout(watchdog);
      options.signal.removeEventListener("abort", giveUp);
    }
  }

  /** Ends the machine in order; whoever still has work in it has been stopped before. */
  async stop(): Promise<void> {
    if (this.#state === "running") {
      this.#state = "stopping";
      const overdue = setTimeout(() => this.#hypervisor.kill(), QUIT_GRACE_MS);
      await this.#qmp.execute("quit").catch(() => this.#hypervisor.kill());
      await this.ended;
      clearTimeout(overdue);
    }
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function sayHello(bridge: Bridge, shares: readonly Share[]): Promise<Result<"runtime_hello">> {
  const proofs: ShareProof[] = [];
  try {
    for (const share of shares) proofs.push(new ShareProof(share));
    const hello = await bridge.request("runtime_hello", {
      protocol: PROTOCOL_VERSION,
      mounts: proofs.map(({ request }) => request),
    });
    for (const proof of proofs) proof.check(hello.mounts);
    return hello;
  } finally {
    for (const proof of proofs) proof[Symbol.dispose]();
  }
}
