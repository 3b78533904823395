import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Providers } from "../../runtime/network/providers.ts";
import type { Isolation } from "../../runtime/protocol/kinds.ts";
import type { MachineLayer } from "../../runtime/protocol/layers.ts";
import { waitFor, waitForEnd } from "../host/wait-for.ts";
import { Outside } from "../network/outside.ts";
import { TESTED_PROVIDER } from "../network/tested-provider.ts";
import { makeSandbox, RunningRuntime, type Sandbox } from "../runtimes/piwork.ts";
import { Talk } from "../runtimes/talk.ts";
import type { ToolCall } from "./attack.ts";
import { callTools } from "./by-pi.ts";
import type { Confinement } from "./confinement.ts";
import {
  bystander,
  inTime,
  Lost,
  type MachineRoot,
  machinePicture,
  mending,
  sameAs,
  victimProcesses,
  type Whose,
} from "./machine-picture.ts";
import { KNOWN_TO_ROOT, ROOT_HOLDS, ROOT_SERVER, VICTIM_HOLDS, VICTIM_SERVER } from "./servers.ts";
import { LONGEST, type Ran, Shell } from "./shell.ts";
import { learnSlot, namesOf, type Slot } from "./slots.ts";
import { ROOT_SHELL, World } from "./world.ts";

/** Time an attack has. What is not over by then has failed, or made things hang. */
const ATTACK_DEADLINE_MS = 45_000;
/** Time a script of the machine's root has. */
const ROOT_DEADLINE_MS = 20_000;
/** What a machine may take longer than that to end it; then it is given up. */
const CUT_OFF_MS = 1_000;

/** A runtime of its own with an attacker, a victim and canaries, and a way in. */
export class Target implements AsyncDisposable, MachineRoot {
  /** how the attacker's scripts are confined */
  #confinement: Confinement;
  readonly world: World;
  readonly sandbox: Sandbox;
  /** the network that its runtime is in */
  readonly outside: Outside;
  readonly talk = new Talk(() => this.runtime.client);
  runtime: RunningRuntime;
  /** the attacker's task */
  attacker = "";
  /** a task that nobody may touch */
  victim = "";
  readonly isolation: Isolation;
  /** where the two are in their machines */
  readonly #slots: Partial<Record<Whose, Slot>> = {};
  /** what root sees of the attacker's machine while nobody has changed it */
  machine: readonly string[] = [];
  /** process ids of the victim */
  victimProcesses = "";
  /** a process of the victim that has nothing to do: what becomes of it tells of signals, and it is soon replaced */
  bystander = "";
  /** one for each confinement */
  readonly #attackerShells = new Map<Confinement, Shell>();
  readonly #rootShells = new Map<string, Promise<Shell>>();
  /** why a new machine was needed where none should have been */
  readonly renewals: string[] = [];

  private constructor(
    confinement: Confinement,
    sandbox: Sandbox,
    outside: Outside,
    runtime: RunningRuntime,
    isolation: Isolation,
  ) {
    this.#confinement = confinement;
    this.outside = outside;
    this.isolation = isolation;
    this.sandbox = sandbox;
    this.runtime = runtime;
    this.world = new World(sandbox.directory, sandbox.workspace);
  }

  static async open(
    confinement: Confinement,
    logs: string,
    isolation: Isolation,
    without: readonly MachineLayer[] = [],
  ): Promise<Target> {
    const sandbox = makeSandbox(join(logs, confinement.name));
    mkdirSync(sandbox.state, { mode: 0o700 });
    const providers = new Providers(sandbox.state);
    providers.add({ ...TESTED_PROVIDER, models: [...TESTED_PROVIDER.models] });
    const outside = await Outside.open();
    try {
      const runtime = await RunningRuntime.start(sandbox, {
        isolation,
        unsafe: { without },
        enter: outside.enter,
        agent: confinement.agent ?? "probe",
      });
      const target = new Target(confinement, sandbox, outside, runtime, isolation);
      await target.#populate();
      return target;
    } catch (error) {
      await outside[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Confines the attacker's scripts differently from now on. */
  async use(confinement: Confinement): Promise<void> {
    const undo = this.#confinement.groups?.undo;
    const change = confinement.groups?.change;
    await this.#regroup(undo);
    this.#confinement = confinement;
    await this.#regroup(change);
    // Only this makes the machine look different.
    if (undo ?? change) this.machine = await machinePicture(this);
  }

  /** Whether the attacker is root of its machine, and may do there what it likes. */
  get attacksAsRoot(): boolean {
    return this.#confinement.enter("").unconfined === true;
  }

  /** Whether the victim is in another machine than the attacker. */
  get isApart(): boolean {
    return this.isolation === "vm";
  }

  async #regroup(script: string | undefined): Promise<void> {
    if (script === undefined) return;
    const { code, text } = await this.asRoot(script);
    if (code !== 0) throw new Error(`the attacker's control group could not be changed: ${text}`);
  }

  async #populate(): Promise<void> {
    const { client } = this.runtime;
    const create = async (title: string, folder: string) => (await client.call("task_create", { title, folder })).id;
    this.victim = await create("Victim", "other");
    this.attacker = await create("Attacker", "own");
    const { world } = this;
    for (const [task, name] of [
      [this.victim, "victim's upload"],
      [this.attacker, "attacker's own upload"],
    ] as const)
      await client.upload(task, "upload.txt", Readable.from(`${world.token(name)}\n`));
    // What is its own is no secret.
    world.tokens.delete("attacker's own upload");
    await this.talk.prompt(`remember ${world.token("victim's session")}`, this.victim);
    await this.#settle();
    const guest = (task: string) => join(this.sandbox.state, "tasks", task, "guest");
    for (const kept of [
      guest(this.victim),
      join(guest(this.attacker), "uploads"),
      // Its agent keeps each turn of its own there.
      ...(this.attacksByAgent ? [] : [join(guest(this.attacker), "session")]),
    ])
      world.keep(kept);
    world.remember();
  }

  /** What the victim and the machine's root have that is not a file of the host. */
  async #settle(): Promise<void> {
    await this.#settleVictim();
    await this.#settleMachine();
  }

  async #settleVictim(): Promise<void> {
    const file = (name: string, path: string) => `echo ${this.world.token(name)} >${path}\n`;
    const asVictim = [
      file("victim's /tmp", "/tmp/secret"),
      file("victim's home", "~/secret"),
      file("victim's outputs", "/outputs/secret"),
      ...VICTIM_HOLDS.map((name) => file(`victim's ${name}`, `~/${name}`)),
      "sync",
    ];
    const prepared = await this.talk.exec(["sh", "-ec", asVictim.join("")], { task: this.victim });
    if (prepared.code !== 0) throw new Error(`the victim could not be prepared: ${prepared.stderr}`);
    await this.#learnSlots();
    await this.#startVictim();
    await this.startBystander();
  }

  /** What the root of the attacker's machine has. */
  async #settleMachine(): Promise<void> {
    const { world } = this;
    const file = (name: string, path: string) => `echo ${world.tokenOfMachine(name)} >${path}\n`;
    await this.#learnSlots();
    const asRoot = await this.asRoot(`set -e
umask 077
${file("file of the machine's root", "/run/piwork/secret")}
${file("machine's /tmp", "/tmp/secret")} chmod 644 /tmp/secret
${file("kernel's log", "/dev/kmsg")}
busybox ip link set lo up
: >/run/piwork/connections`);
    if (asRoot.code !== 0) throw new Error(`the machine could not be prepared: ${asRoot.text}`);
    for (const [name, script] of Object.entries(KNOWN_TO_ROOT))
      world.knowOfMachine(name, (await this.asRoot(script)).text.trim());
    // In a file that only root reads: the arguments of a process are everybody's.
    const held = ROOT_HOLDS.map((name) => world.tokenOfMachine(`root's ${name}`)).join(" ");
    await this.asRoot(`umask 077; echo ${held} >/run/piwork/held`);
    await this.#serve(["python3", "-I", "-S", "-c", ROOT_SERVER]);
    await this.#regroup(this.#confinement.groups?.change);
    this.machine = await machinePicture(this);
  }

  /** Which slots the two have by now: one that is opened anew gets another. */
  async #learnSlots(): Promise<void> {
    for (const whose of ["attacker", "victim"] as const)
      this.#slots[whose] = await waitFor(`the slot of the ${whose}`, 5_000, () => learnSlot(this, whose));
  }

  /** A process of the victim with secrets wherever a process can have them, for as long as the machine lives. */
  async #startVictim(): Promise<void> {
    // The secrets come from files: the words of a command are seen in several processes.
    const script = `export VICTIM=$(cat ~/environment); exec python3 -I -S -c "$0" "$(cat ~/arguments)"`;
    await this.#serve(["sh", "-c", script, VICTIM_SERVER], this.victim);
    await this.#learnVictim();
  }

  /** Another bystander, whatever became of the last one. */
  async startBystander(): Promise<void> {
    const last = await bystander(this);
    if (last !== "") await this.asRoot(`kill -9 ${Number.parseInt(last, 10)}`, "victim");
    const words = ["bash", "-c", "echo serving; exec -a piwork-bystander sleep 1000000"];
    await this.#serve(words, this.victim);
    this.bystander = await waitFor("the bystander", 5_000, async () => (await bystander(this)) || undefined);
    await this.#learnVictim();
  }

  async #learnVictim(): Promise<void> {
    this.victimProcesses = (await victimProcesses(this)) ?? "";
    if (this.victimProcesses === "") throw new Error("the victim has no process");
  }

  /** Starts what runs until its machine ends, and waits until it serves. */
  async #serve(argv: string[], task?: string): Promise<void> {
    const where = task === undefined ? { task: this.#rootOf("attacker"), unconfined: true as const } : { task };
    await new Promise<void>((resolve, reject) => {
      const output = (data: Buffer) => data.includes("serving") && resolve();
      this.talk.exec(argv, where, output).then(
        (end) => reject(new Error(`a server ended with ${end.code}: ${end.stderr}`)),
        reject, // with the machine
      );
    });
  }

  /** Runs a script as the attacker, in the shell that stays; for what needs no process tree of its own. */
  async attackQuickly(script: string): Promise<Ran> {
    if (this.#confinement.agent === "pi") return this.attack(script);
    let shell = this.#attackerShells.get(this.#confinement);
    if (shell?.isUsable !== true) {
      const enter = (loop: string) => ({ ...this.#confinement.enter(loop), task: this.attacker });
      shell = await Shell.start(this.runtime.client, this.world.own, enter);
      this.#attackerShells.set(this.#confinement, shell);
    }
    return shell.run(this.#knowing(script), ATTACK_DEADLINE_MS);
  }

  /** Runs a script as the attacker. */
  async attack(script: string, deadlineMs = ATTACK_DEADLINE_MS): Promise<Ran> {
    if (this.#confinement.agent === "pi")
      return this.callTools([["bash", { command: this.#knowing(script), timeout: Math.ceil(deadlineMs / 1000) }]]);
    const { argv, ...how } = this.#confinement.enter(this.#knowing(script));
    let output = "";
    const collect = (data: Buffer) => {
      if (output.length < LONGEST) output += data.toString("latin1");
    };
    const over = new AbortController();
    const cutOff = delay(deadlineMs + CUT_OFF_MS, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      const running = this.talk.exec(argv, { task: this.attacker, timeoutMs: deadlineMs, ...how }, collect);
      const end = await Promise.race([running, cutOff]);
      return { output, code: end === undefined || end.timedOut ? undefined : end.code };
    } catch (error) {
      return { output: `${output}\n${error instanceof Error ? error.message : error}`, code: undefined };
    } finally {
      over.abort();
    }
  }

  /** Has the attacker's agent call its own tools. */
  callTools(calls: readonly ToolCall[]): Promise<Ran> {
    return callTools(this.talk, this.runtime.client, this.attacker, calls);
  }

  /** Whether it is the agent that attacks. */
  get attacksByAgent(): boolean {
    return this.#confinement.agent !== undefined;
  }

  /** A script that knows where in the machine attacker and victim are: nothing is kept by hiding it. */
  #knowing(script: string): string {
    return `${namesOf(this, this.#slots)}\n${script}`;
  }

  /** Runs a script as root of a machine, outside of every wall. */
  async asRoot(script: string, whose: Whose = "attacker"): Promise<{ text: string; code: number }> {
    const shell = await this.#usableRootShell(this.#rootOf(whose));
    const { output, code } = await shell.run(`exec 2>/dev/null\n${this.#knowing(script)}`, ROOT_DEADLINE_MS);
    if (code === undefined) throw new Lost();
    return { text: output, code };
  }

  /** Where the shell of a machine's root works, as the host sees it. */
  rootDirectory(whose: Whose): string {
    return join(this.sandbox.state, "tasks", this.#rootOf(whose), "guest", ROOT_SHELL);
  }

  /** The task beside which a machine's root acts: in one for all, that which nothing stops. */
  #rootOf(whose: Whose): string {
    return this.isApart && whose === "attacker" ? this.attacker : this.victim;
  }

  /** The one that stays, or another where it has ended or never started; one after the other, for they share a directory. */
  #usableRootShell(task: string): Promise<Shell> {
    const last = this.#rootShells.get(task);
    const usable = (async () => {
      const known = await last?.catch(() => undefined);
      return known?.isUsable ? known : await this.#startRootShell(task);
    })();
    this.#rootShells.set(task, usable);
    return usable;
  }

  /** In a directory of the task's that the machine has, and the task has not. */
  #startRootShell(task: string): Promise<Shell> {
    const enter = (loop: string) => ({
      argv: ["sh", "-c", `cd /run/piwork/tasks/${task}/guest/${ROOT_SHELL} && ${loop}`],
      task,
      unconfined: true as const,
    });
    return Shell.start(this.runtime.client, join(this.sandbox.state, "tasks", task, "guest", ROOT_SHELL), enter);
  }

  /** Puts everything back that an attack has changed; where that does not work, in a new machine. */
  async mend(undo = ""): Promise<void> {
    this.world.restore();
    try {
      await inTime(this.asRoot(`${undo}\nrm -rf "$ATTACKER_SLOT"/tmp/*`));
      const broken = await machinePicture(this);
      await inTime(this.asRoot(mending(this.machine, broken)));
      if ((await victimProcesses(this)) !== this.victimProcesses) await this.#revive();
      this.machine = sameAs(this.machine, await machinePicture(this));
    } catch (error) {
      this.renewals.push(String(error));
      await this.renew();
    }
  }

  /** The victim's agent and process, anew. */
  async #revive(): Promise<void> {
    await this.asRoot("echo 1 >$VICTIM_GROUP/cgroup.kill", "victim");
    await waitFor(
      "the end of the victim's processes",
      5_000,
      async () => (await victimProcesses(this)) === "" || undefined,
    );
    await waitFor("the victim's agent", 20_000, () =>
      this.runtime.client.call("task_switch", { task: this.victim }).catch(() => undefined),
    );
    await waitFor("the victim's agent", 20_000, async () => (await victimProcesses(this)) || undefined);
    await this.#startVictim();
    await this.startBystander();
  }

  /** Opens the attacker's task again, where the runtime has stopped it. */
  async reopenAttacker(): Promise<void> {
    if ((await this.attackerState()) !== "stopped") return;
    await this.runtime.client.call("task_switch", { task: this.attacker });
    if (this.isApart) return this.#settleMachine();
    await this.#learnSlots();
    await this.#regroup(this.#confinement.groups?.change);
    this.machine = await machinePicture(this);
  }

  async attackerState(): Promise<string> {
    return (await this.runtime.client.call("task_show", { task: this.attacker })).state;
  }

  /** A new machine, for one that an attack has ruined. */
  async renew(): Promise<void> {
    const { machines } = await this.runtime.client.call("status", {});
    const isVictimWell = this.isApart && (await victimProcesses(this)) === this.victimProcesses;
    // The runtime starts others with the next requests.
    for (const { pid, task } of machines) {
      if (pid === null || (isVictimWell && task === this.victim)) continue;
      process.kill(pid, "SIGKILL");
      await waitForEnd(pid, "QEMU");
    }
    this.world.restore();
    for (const task of isVictimWell ? [this.attacker] : [this.victim, this.attacker])
      await waitFor("a new machine", 60_000, () =>
        this.talk.exec(["true"], { task }).catch(async () => {
          await this.runtime.client.call("task_switch", { task }).catch(() => undefined);
          return undefined;
        }),
      );
    await (isVictimWell ? this.#settleMachine() : this.#settle());
    this.world.remember();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
    await this.outside[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}
