import { randomBytes } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { $, type ProcessPromise } from "zx";
import { seenByQemu } from "../../runtime/machine/walls.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";
import { atExit } from "../host/at-exit.ts";
import { waitFor } from "../host/wait-for.ts";
import type { QemuAttack } from "./attack.ts";
import { runInPlaceOfQemu, type WallsOfQemu } from "./in-place-of-qemu.ts";
import type { Sight } from "./verdict.ts";

/** A setting of the host's kernel that does no harm when it is another one for a moment. */
const SETTING = "/proc/sys/kernel/printk_ratelimit_burst";

/** What there is to protect from whoever has taken over QEMU, and the exports that are theirs. */
export class QemuWorld implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "piwork-qemu-"));
  readonly #forget = atExit(() => this.#remove());
  readonly #tokens = new Map<string, string>();
  readonly #segment = 0x70690000 + Math.floor(Math.random() * 0xffff);
  readonly #setting = readFileSync(SETTING, "utf8");
  #victim: ProcessPromise | undefined;
  #tcp: Server | undefined;
  #control: Server | undefined;
  #abstract: Server | undefined;
  #udp: UdpSocket | undefined;
  #connections = 0;

  static async open(): Promise<QemuWorld> {
    const world = new QemuWorld();
    await world.#populate();
    return world;
  }

  get #own(): string {
    return join(this.#directory, "workspace/own");
  }

  get #sockets(): string {
    return join(this.#directory, "sockets/machine-1");
  }

  get #paths() {
    const places = { workspace: join(this.#directory, "workspace"), tasks: join(this.#directory, "tasks") };
    const { exports } = filesPath.forAllTasks(places);
    return { image: join(this.#directory, "image"), sockets: this.#sockets, exports };
  }

  async #populate(): Promise<void> {
    for (const name of ["workspace/own", "tasks", "image", "sockets/machine-1", "outside", "state/records"])
      mkdirSync(join(this.#directory, name), { recursive: true });
    this.#put("outside/secret.txt", "file outside of the exports");
    this.#put("state/records/task.json", "record of the runtime");
    this.#put("image/manifest", "image");
    writeFileSync(join(this.#directory, `name-${this.#token("name beside the workspace")}`), "");
    const count = () => {
      this.#connections++;
    };
    const listener = () => createServer((socket) => socket.destroy()).on("connection", count);
    this.#tcp = listener();
    this.#control = listener();
    this.#abstract = listener();
    this.#udp = createSocket("udp4").on("message", count);
    await Promise.all([
      once(this.#tcp.listen(0, "127.0.0.1"), "listening"),
      once(this.#control.listen(join(this.#directory, "sockets/control.sock")), "listening"),
      once(this.#abstract.listen(`\0${this.#abstractName}`), "listening"),
      new Promise<void>((resolve) => this.#udp?.bind(0, "127.0.0.1", resolve)),
    ]);
    const { exitCode } = await perl(`shmwrite(shmget(${this.#segment}, 64, 01600), $ENV{TOKEN}, 0, 64) or exit 1`, {
      TOKEN: this.#token("shared memory of the host"),
    });
    if (exitCode !== 0) throw new Error("no shared memory could be made");
    await this.#startVictim();
  }

  get #abstractName(): string {
    return `piwork-${this.#directory.slice(-6)}`;
  }

  async #startVictim(): Promise<void> {
    this.#victim?.child?.kill("SIGKILL");
    this.#victim = $({
      stdio: ["pipe", "ignore", "ignore"],
      cwd: join(this.#directory, "outside"),
      env: { PATH: "/usr/bin:/bin", SHLVL: "1", SECRET: this.#token("environment of the host's process") },
      nothrow: true,
    })`exec sh -c ${"read -r go"} ${this.#token("arguments of the host's process")}`;
    const { pid } = this.#victim;
    await waitFor(
      "the victim",
      10_000,
      () => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sh\0") || undefined,
    );
  }

  /** Performs an attack behind the walls, some of them left out, or with no walls at all. */
  async perform(attack: QemuAttack, walls: WallsOfQemu): Promise<Sight> {
    if (!this.#isVictimWell()) await this.#startVictim();
    const look = this.#oracle(attack);
    const { output, rights, ring } = await this.#run(attack.script, walls);
    const sight =
      attack.oracle === "rights" || attack.oracle === "ring"
        ? seen(attack.oracle === "ring" ? ring : rights, "nothing more than before")
        : await look(output);
    for (const name of readdirSync(this.#own)) rmSync(join(this.#own, name), { recursive: true, force: true });
    this.#put("outside/secret.txt", "file outside of the exports");
    this.#put("image/manifest", "image");
    if (sight.through && attack.oracle === "change") this.#mendSetting();
    for (const name of readdirSync(join(this.#directory, "outside")))
      if (name !== "secret.txt") rmSync(join(this.#directory, "outside", name), { recursive: true, force: true });
    return sight;
  }

  #oracle({ oracle }: QemuAttack): (output: string) => Promise<Sight> {
    switch (oracle) {
      case "token":
        return async (output) => {
          const names = [...this.#tokens].filter(([, token]) => output.includes(token)).map(([name]) => name);
          return seen(names, "no canary");
        };
      case "change": {
        const before = this.#picture();
        return async () => {
          const after = this.#picture();
          return seen(
            [...before, ...after].filter((line) => !before.includes(line) || !after.includes(line)),
            "all as before",
          );
        };
      }
      case "victim":
        return async () => {
          await delay(50); // a signal needs a moment
          return seen(this.#isVictimWell() ? [] : ["the victim is gone, or slowed down"], "the victim lives");
        };
      case "connection": {
        const before = this.#connections;
        return async () => {
          await delay(100);
          return seen(
            Array.from({ length: this.#connections - before }, () => "a connection"),
            "none",
          );
        };
      }
      case "excess":
        return async () =>
          seen(
            readdirSync(this.#own)
              .map((name) => lstatSync(join(this.#own, name)).size)
              .filter((size) => size > LIMITS.fileBytes)
              .map((size) => `${size} bytes`),
            "no longer file",
          );
      default:
        return () => this.#harmfulFiles();
    }
  }

  #mendSetting(): void {
    if (readFileSync(SETTING, "utf8") !== this.#setting) writeFileSync(SETTING, this.#setting);
  }

  /** As the kernel sees it: on a busy host, this process is told of an end much later, and even a signal that kills waits its turn. */
  #isVictimWell(): boolean {
    const { child } = this.#victim ?? {};
    if (child?.exitCode !== null || child.signalCode !== null) return false;
    const about = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, "utf8");
    const stat = about("stat").split(") ")[1]?.split(" ");
    return (
      stat?.[0] !== "Z" && stat?.[16] === `${getPriority()}` && !/^(Sig|Shd)Pnd:\t0*[1-9a-f]/m.test(about("status"))
    );
  }

  async #harmfulFiles(): Promise<Sight> {
    const found = [];
    for (const name of readdirSync(this.#own)) {
      const path = join(this.#own, name);
      const about = lstatSync(path);
      if ((about.mode & 0o6000) !== 0) found.push(`${name} has mode ${(about.mode & 0o7777).toString(8)}`);
      if (about.isCharacterDevice() || about.isBlockDevice()) found.push(`${name} is a device`);
      const { stdout: capabilities } = await perl(
        '$f = $ENV{FILE}; $a = "security.capability"; $b = "\\0" x 64; $n = syscall(191, $f, $a, $b, 64); print unpack("H*", substr($b, 0, $n)) if $n > 0',
        { FILE: path },
      );
      if (capabilities !== "") found.push(`${name} has the capabilities ${capabilities}`);
    }
    return seen(found, "no file to be afraid of");
  }

  /** What is outside of the exports. */
  #picture(): string[] {
    const setting = `${SETTING} ${readFileSync(SETTING, "utf8")}`;
    const files = ["", "outside", "state", "state/records", "image", "sockets"].flatMap((place) =>
      readdirSync(join(this.#directory, place)).map((name) => {
        const path = join(this.#directory, place, name);
        const { mode, uid, size, mtimeMs } = lstatSync(path);
        const isKept = lstatSync(path).isDirectory() ? "" : `${size} ${mtimeMs}`;
        return `${path} ${mode.toString(8)} ${uid} ${isKept}`;
      }),
    );
    return [setting, ...files];
  }

  #run(script: string, walls: WallsOfQemu) {
    const places = walls === "none" ? this.#paths : seenByQemu(this.#paths, { unconfined: false, ...walls });
    const workspace = places.exports.find(({ name }) => name === "workspace")?.path ?? "";
    const command = ["sh", "-c", `exec 2>&1\n${this.#prelude(workspace)}\n${script}`];
    return runInPlaceOfQemu(this.#paths, command, walls);
  }

  /** What a script knows of the world. */
  #prelude(shown: string): string {
    const address = (server: { address(): unknown } | undefined) =>
      (server?.address() as { port: number } | undefined)?.port;
    const known = {
      PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
      EXPORT: join(shown, "own"),
      WORKSPACE: shown,
      DIR: this.#directory,
      OUTSIDE: join(this.#directory, "outside"),
      STATE: join(this.#directory, "state"),
      CONTROL: join(this.#directory, "sockets/control.sock"),
      VICTIM: this.#victim?.pid,
      TCP: address(this.#tcp),
      UDP: address(this.#udp),
      ABSTRACT: this.#abstractName,
      SEGMENT: this.#segment,
      SETTING,
      OTHER_SETTING: Number(this.#setting) + 1,
      TOO_LONG: LIMITS.fileBytes + 1,
    };
    return `${Object.entries(known)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join("\n")}\nS='sub c { my ($n, @a) = @_; syscall($n, @a) }'\ncd "$EXPORT"`;
  }

  #put(path: string, name: string): void {
    const file = join(this.#directory, path);
    if (existsSync(file) && readFileSync(file, "utf8").trim() === this.#token(name)) return;
    writeFileSync(file, `${this.#token(name)}\n`, { mode: 0o600 });
  }

  #token(name: string): string {
    const known = this.#tokens.get(name) ?? randomBytes(8).toString("hex");
    this.#tokens.set(name, known);
    return known;
  }

  #remove(): void {
    this.#victim?.child?.kill("SIGKILL");
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await perl(`shmctl(shmget(${this.#segment}, 64, 0), 0, 0)`, {});
    for (const server of [this.#tcp, this.#control, this.#abstract, this.#udp]) server?.close();
    this.#forget();
    this.#remove();
  }
}

function seen(found: readonly string[], nothing: string): Sight {
  return { through: found.length > 0, seen: found.length > 0 ? found.slice(0, 4).join("; ") : nothing };
}

function perl(program: string, environment: Record<string, string>): ProcessPromise {
  return $({ stdio: ["ignore", "pipe", "inherit"], env: environment, nothrow: true })`perl -e ${program}`;
}
