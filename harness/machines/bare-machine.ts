import { closeSync, mkdirSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { qemuArguments } from "../../runtime/machine/arguments.ts";
import { Console } from "../../runtime/machine/console.ts";
import { needsFixedAddresses } from "../../runtime/machine/fixed-addresses.ts";
import { type Hypervisor, QEMU, spawnHypervisor } from "../../runtime/machine/hypervisor.ts";
import { connectWhenThere, Qmp } from "../../runtime/machine/qmp.ts";
import { ADDABLE_MEMORY_MB, MACHINE_MEMORY_MB, type Template } from "../../runtime/machine/template.ts";
import { ALL_WALLS, seenByQemu } from "../../runtime/machine/walls.ts";
import { findImage } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import type { MachineFiles } from "../../runtime/workspace/files.ts";
import { makeGuestDirectories } from "../../runtime/workspace/guest-directories.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";

interface BareOptions {
  memoryMb?: number;
  kernelWords?: readonly string[];
  template?: Template;
}

/** A machine with nobody at its link: whoever tests the wire is the host. */
export class BareMachine implements AsyncDisposable {
  readonly console: Console;
  readonly files: MachineFiles;
  readonly #directory: string;
  readonly #hypervisor: Hypervisor;
  readonly #gone = new AbortController();

  /** With a template it is a clone that nobody has told that it is one: neither by its clock nor by fresh randomness. */
  constructor(
    directory: string,
    consoleLog: string,
    { memoryMb = MACHINE_MEMORY_MB, kernelWords = [], template }: BareOptions = {},
  ) {
    this.#directory = directory;
    for (const name of ["workspace", "tasks", "sockets"]) mkdirSync(join(directory, name), { recursive: true });
    this.files = filesPath.forTemplate({ workspace: this.workspace, tasks: join(directory, "tasks") });
    const image = findImage(findPlaces().cache, REPOSITORY);
    if (image === undefined) throw new Error("there is no image");
    const paths = { image: image.dir, sockets: join(directory, "sockets"), exports: this.files.exports };
    const seen = seenByQemu(paths, ALL_WALLS);
    const addresses = { fixedAddresses: needsFixedAddresses("tcg") };
    const size = { memoryMb, addableMb: ADDABLE_MEMORY_MB };
    const base = {
      accelerator: "tcg",
      ...size,
      fileDevices: this.files.deviceWords(seen.exports),
      kernelWords,
    } as const;
    const memory = template && ("clone" as const);
    const words = qemuArguments({ ...base, ...addresses, memory }, seen);
    const state = template?.openState();
    const inherited = template === undefined ? [] : [template.memory.fd, state as number];
    this.#hypervisor = spawnHypervisor(paths, "tcg", [QEMU, ...words], ALL_WALLS, { inherited });
    if (state !== undefined) closeSync(state);
    this.console = new Console(consoleLog);
    this.#hypervisor.console.on("data", (chunk: Buffer) => this.console.write(chunk));
    void this.#hypervisor.ended.then(() => this.#gone.abort(new Error(`QEMU ended: ${this.console.lastLine}`)));
  }

  get workspace(): string {
    return join(this.#directory, "workspace");
  }

  get hasEnded(): boolean {
    return this.#gone.signal.aborted;
  }

  /** Has a clone go on where its template was saved; its link is made before. */
  async goOn(): Promise<void> {
    using qmp = await Qmp.connect(join(this.#directory, "sockets/qmp.sock"), this.#gone.signal);
    await qmp.load();
  }

  /** Blocks of code that QEMU has translated so far, where it emulates the processor. */
  async translatedBlocks(): Promise<number> {
    using qmp = await Qmp.connect(join(this.#directory, "sockets/qmp.sock"), this.#gone.signal);
    const words = await qmp.execute("human-monitor-command", { "command-line": "info jit" });
    const [, count] = /TB count +(\d+)/.exec(String(words)) ?? [];
    if (count === undefined) throw new Error("QEMU did not say what it has translated");
    return Number(count);
  }

  /** A link to taskd; there can be one at a time. */
  connect(): Promise<Socket> {
    return connectWhenThere(join(this.#directory, "sockets/taskd.sock"), this.#gone.signal);
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
