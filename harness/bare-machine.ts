import { mkdirSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { qemuArguments } from "../runtime/machine/arguments.ts";
import { Console } from "../runtime/machine/console.ts";
import { type Hypervisor, QEMU, spawnHypervisor } from "../runtime/machine/hypervisor.ts";
import { connectWhenThere } from "../runtime/machine/qmp.ts";
import { ALL_WALLS, seenByQemu } from "../runtime/machine/walls.ts";
import { findPlaces, REPOSITORY } from "../runtime/places.ts";
import { findImage } from "../runtime/protocol/image.ts";
import { makeGuestDirectories } from "../runtime/tasks/records.ts";
import { type Share, ShareProof, shareDevices, shareExports } from "../runtime/workspace/share.ts";

/** A machine with nobody at its link: whoever tests the wire is the host. */
export class BareMachine implements AsyncDisposable {
  readonly console: Console;
  readonly #directory: string;
  readonly #hypervisor: Hypervisor;
  readonly #gone = new AbortController();

  constructor(directory: string, consoleLog: string, memoryMb = 1024) {
    this.#directory = directory;
    for (const name of ["workspace", "tasks", "sockets"]) mkdirSync(join(directory, name), { recursive: true });
    const image = findImage(findPlaces().cache, REPOSITORY);
    if (image === undefined) throw new Error("there is no image");
    const paths = { image: image.dir, sockets: join(directory, "sockets"), exports: shareExports(this.shares) };
    const seen = seenByQemu(paths, ALL_WALLS);
    const shape = { accelerator: "tcg", memoryMb, fileDevices: shareDevices(seen.exports), kernelWords: [] } as const;
    this.#hypervisor = spawnHypervisor(paths, "tcg", [QEMU, ...qemuArguments(shape, seen)], ALL_WALLS);
    this.console = new Console(consoleLog);
    this.#hypervisor.console.on("data", (chunk: Buffer) => this.console.write(chunk));
    void this.#hypervisor.ended.then(() => this.#gone.abort(new Error(`QEMU ended: ${this.console.lastLine}`)));
  }

  get shares(): Share[] {
    return (["workspace", "tasks"] as const).map((tag) => ({ tag, path: join(this.#directory, tag) }));
  }

  get hasEnded(): boolean {
    return this.#gone.signal.aborted;
  }

  /** A link to taskd; there can be one at a time. */
  connect(): Promise<Socket> {
    return connectWhenThere(join(this.#directory, "sockets/taskd.sock"), this.#gone.signal);
  }

  /** What a first greeting needs to have the shares mounted. */
  proofs(): ShareProof[] {
    return this.shares.map((share) => new ShareProof(share));
  }

  /** The directories without which a task cannot be opened. */
  makeTask(id: string): void {
    makeGuestDirectories(join(this.#directory, "tasks"), id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hypervisor.kill();
    await this.#hypervisor.ended;
    await this.console.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
