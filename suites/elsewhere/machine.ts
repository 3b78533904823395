import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { $, type ProcessPromise } from "zx";
import { atExit } from "../../harness/host/at-exit.ts";
import { waitFor } from "../../harness/host/wait-for.ts";

/** Where the checkout lies in a machine. */
const CHECKOUT = "/root/piwork";

const START_DEADLINE_MS = 30_000;

/** What a machine's processes find in their environment, besides what leads to the network. */
const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
  TERM: "dumb",
} as const;

/** Settings with which programs reach package registries from here. */
const NETWORK_SETTING =
  /^((https?|no|all)_proxy|npm_config_(registry|cafile|proxy|https_proxy|noproxy)|NODE_EXTRA_CA_CERTS)$/i;

/** Where the parts of a machine are on this side. */
export interface MachineFiles {
  /** holds all that is written there */
  directory: string;
  /** another machine's root, which this one has as long as it does not write to it */
  base?: string;
}

/** Of a machine with a base: the directory of its user, and the checkout in it, as seen from this side. */
export const homeOf = ({ directory }: MachineFiles) => join(directory, "home");
export const checkoutOf = (files: MachineFiles) => join(homeOf(files), basename(CHECKOUT));

/**
 * A directory that is the root of a machine of its own: its processes, mounts and names are apart from this one's, its network,
 * kernel and devices are the same. Everything in it ends with this process, however this process ends.
 */
export class Machine implements AsyncDisposable {
  readonly #namespaces: ProcessPromise;
  readonly #forget: () => void;
  #first = 0;

  private constructor(readonly files: MachineFiles) {
    const enter = join(import.meta.dirname, "become-machine.sh");
    // The first process reads our end of a pipe, which the kernel closes with us; the shell waits for orphans' ends.
    const init = ["/bin/sh", "-c", "echo up; cat; exit 0"];
    const unshare = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private"];
    this.#namespaces = $({
      env: environment(),
      stdio: ["pipe", "pipe", "pipe"],
      quiet: true,
      nothrow: true,
    })`exec unshare ${unshare} sh ${enter} ${files.directory} ${files.base ?? ""} ${init}`;
    this.#forget = atExit(() => this.#kill());
  }

  static async start(files: MachineFiles): Promise<Machine> {
    const machine = new Machine(files);
    try {
      await machine.#untilUp();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #untilUp(): Promise<void> {
    let ended: string | undefined;
    let output = "";
    this.#namespaces.stdout.on("data", (data: Buffer) => (output += data));
    void this.#namespaces.then(({ stderr }) => {
      ended = stderr;
    });
    await waitFor("the first process of a Debian 13 machine", START_DEADLINE_MS, () => {
      if (ended !== undefined) throw new Error(`namespaces could not be made: ${ended.trim()}`);
      return output.startsWith("up") || undefined;
    });
    const children = await $({ quiet: true })`cat /proc/${this.#namespaces.pid}/task/${this.#namespaces.pid}/children`;
    this.#first = Number(children.stdout.trim());
  }

  /** Words that lead a command into the machine, to the checkout. */
  get #enter(): string[] {
    return [
      "nsenter",
      "--target",
      `${this.#first}`,
      "--mount",
      "--pid",
      "--uts",
      "--ipc",
      "sh",
      "-c",
      'cd "$1" && shift && exec "$@"',
      "sh",
    ];
  }

  /** Runs a command in it; the result has its exit code. */
  run(words: readonly string[], { directory = CHECKOUT }: { directory?: string } = {}): ProcessPromise {
    return $({ env: environment(), quiet: true, nothrow: true })`exec ${this.#enter} ${directory} ${words}`;
  }

  /** The same on this terminal. */
  async runHere(words: readonly string[]): Promise<number> {
    const { exitCode } = await $({
      env: { ...environment(), TERM: process.env["TERM"] ?? "dumb" },
      stdio: "inherit",
      nothrow: true,
    })`exec ${this.#enter} ${CHECKOUT} ${words}`;
    return exitCode ?? 1;
  }

  #kill(): void {
    const { pid, child } = this.#namespaces;
    if (pid !== undefined && child?.exitCode === null) process.kill(pid, "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#namespaces.stdin.end();
    await this.#namespaces;
    this.#forget();
  }
}

function environment(): NodeJS.ProcessEnv {
  const network = Object.entries(process.env).filter(([name]) => NETWORK_SETTING.test(name));
  return { ...ENVIRONMENT, ...Object.fromEntries(network) };
}

/** Removes what a machine was made of; the last of its processes may still be ending. */
export function removeMachine(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
