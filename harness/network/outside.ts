import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { atExit } from "../host/at-exit.ts";
import type { Addresses } from "./dns.ts";
import { EVERY_ADDRESS } from "./every-address.ts";
import { type OutsideRequest, outsideAnswer, type Sightings, sightings } from "./sightings.ts";

const PROGRAM = join(REPOSITORY, "harness/network/outside-main.ts");
/** Time that a program has which somebody runs outside, in milliseconds. */
const RUN_DEADLINE_MS = 20_000;

const isRoot = process.getuid?.() === 0;
/**
 * An ordinary user makes the network in a user namespace, as the same user. Only this process keeps its capabilities: a program
 * that enters the network has none over it.
 */
const AS_USER = isRoot ? [] : ["--user", "--map-current-user", "--keep-caps"];

type Asked = OutsideRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;

/**
 * A network of its own in which every address leads to us: host, gateway, metadata service and the whole internet. What gets
 * there is written down. Nothing in it leaves this host.
 */
export class Outside implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #ended: Promise<void>;
  readonly #forget: () => void;
  #last = 0;

  private constructor() {
    this.#child = spawn(
      "unshare",
      [...AS_USER, "--net", "perl", "-e", EVERY_ADDRESS, process.execPath, "--import", "tsx", PROGRAM],
      {
        cwd: REPOSITORY,
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    this.#forget = atExit(() => this.#child.kill("SIGKILL"));
    this.#ended = new Promise((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.on("message", (message) => {
      const { id, result } = outsideAnswer.parse(message);
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async open(): Promise<Outside> {
    const outside = new Outside();
    await outside.#answer(0);
    return outside;
  }

  /** Words before those of a program that is to run in this network. */
  get enter(): readonly string[] {
    const namespaces = `/proc/${this.#child.pid}/ns`;
    const user = isRoot ? [] : [`--user=${namespaces}/user`, "--preserve-credentials"];
    return ["nsenter", ...user, `--net=${namespaces}/net`];
  }

  /** What has come since the last time that this was asked to be forgotten. */
  async seen(): Promise<Sightings> {
    return sightings.parse(await this.#ask({ ask: "seen" }));
  }

  async forget(): Promise<void> {
    await this.#ask({ ask: "forget" });
  }

  /** From now on these names exist, and no other. */
  async name(names: Readonly<Record<string, Addresses>>): Promise<void> {
    await this.#ask({ ask: "names", names: names as Record<string, string[][]> });
  }

  /** Whether somebody else who asks the naive proxy for this is answered in time. */
  async isAnsweredNaively(url: string, deadlineMs: number): Promise<boolean> {
    return (await this.#ask({ ask: "naively", url, deadlineMs })) === true;
  }

  /** Runs a shell script in this network, with nothing around it. */
  async run(script: string): Promise<{ output: string; code: number | undefined }> {
    const deadline = { timeout: RUN_DEADLINE_MS, timeoutSignal: "SIGKILL" } as const;
    const running = $({
      ...deadline,
      stdio: ["ignore", "pipe", "pipe"],
      nothrow: true,
      quiet: true,
    })`${this.enter} bash -c ${script}`;
    const { stdout, stderr, exitCode } = await running;
    return { output: `${stdout}${stderr}`, code: exitCode ?? undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
    this.#forget();
  }

  #ask(asked: Asked): Promise<unknown> {
    const id = ++this.#last;
    const answered = this.#answer(id);
    this.#child.send({ id, ...asked });
    return answered;
  }

  #answer(id: number): Promise<unknown> {
    return Promise.race([
      new Promise((resolve) => this.#waiting.set(id, resolve)),
      this.#ended.then(() => Promise.reject(new Error("the process outside has ended; its words are above"))),
    ]);
  }
}
