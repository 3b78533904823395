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
import { runByProbe } from "./by-probe.ts";
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
import {
  asNeighbour,
  NEIGHBOUR_SLOT,
  Neighbour,
  PICTURE,
  PLANT,
  RESTORE,
  UPROOT,
  workOfNeighbour,
} from "./neighbour.ts";
import { KNOWN_TO_ROOT, ROOT_HOLDS, ROOT_SERVER, VICTIM_HOLDS, VICTIM_SERVER } from "./servers.ts";
import { LONGEST, type Ran, Shell } from "./shell.ts";
import { learnSlot, namesOf, type Slot, WAITING_WORDS } from "./slots.ts";
import { ROOT_SHELL, World } from "./world.ts";

/** Time an attack has. What is not over by then has failed, or made things hang. */
const ATTACK_DEADLINE_MS = 45_000;
/** Time a script of the machine's root has. */
const ROOT_DEADLINE_MS = 20_000;
/** What a machine may take longer than that to end it; then it is given up. */
const CUT_OFF_MS = 1_000;
/** Time that a task has to make a sandbox for its next command. */
const SPARE_DEADLINE_MS = 30_000;
/** Whether a sandbox of the attacker waits. */
const FIND_SPARE = `for p in $(cat "$ATTACKER_GROUP/cgroup.procs"); do
  case $(tr '\\0' ' ' </proc/$p/cmdline) in "${WAITING_WORDS}"*) exit 0 ;; esac
done; exit 1`;
/** Empties the attacker's /tmp, and that of each of its sandboxes, which has another one where a wall is off. */
const EMPTY_TMP = `for p in $(cat "$ATTACKER_GROUP/cgroup.procs"); do [ /proc/$p/root/tmp -ef /tmp ] || rm -rf /proc/$p/root/tmp/*; done; rm -rf "$ATTACKER_SLOT"/tmp/*`;

/** Processes of a task that nobody may touch. */
interface Prey {
  /** their process ids */
  processes: string;
  /** one that has nothing to do: what becomes of it tells of signals, and it is soon replaced */
  bystander: string;
}

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
  /** what there is to be harmed in the machine of each */
  readonly #preys: Record<Whose, Prey> = {
    attacker: { processes: "", bystander: "" },
    victim: { processes: "", bystander: "" },
  };
  /** the task that is planted in the attacker's machine, where the victim has another one */
  #neighbour: Neighbour | undefined;
  #hasNeighbour = false;
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
    if (confinement === this.#confinement) return;
    const undo = this.#confinement.groups?.undo;
    const change = confinement.groups?.change;
    // An agent that it ended comes back behind whole walls only.
    if (change !== undefined) await this.talk.exec(["true"], { task: this.attacker });
    await this.#regroup(undo);
    this.#confinement = confinement;
    await this.#regroup(change);
    // Only this makes the machine look different.
    if (undo ?? change) this.machine = await machinePicture(this);
  }

  /** How the attacker's scripts are confined by now. */
  get confinement(): Confinement {
    return this.#confinement;
  }

  /** Whether the attacker is root of its machine, and may do there what it likes. */
  get attacksAsRoot(): boolean {
    return this.#confinement.enter("").unconfined === true;
  }

  /** Whether a wall is off, so that the attacker may have done to its machine what no oracle looks for. */
  get isOpen(): boolean {
    const { unconfined, without = [] } = this.#confinement.enter("");
    return unconfined === true || without.length > 0;
  }

  /** The machine that has the processes which the attacker must not reach: its own, unless it is the root of that. */
  get machineOfPrey(): Whose {
    return this.isApart && this.attacksAsRoot ? "victim" : "attacker";
  }

  get victimProcesses(): string {
    return this.#preys[this.machineOfPrey].processes;
  }

  get bystander(): string {
    return this.#preys[this.machineOfPrey].bystander;
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
    if (this.isApart) await this.#startPrey("victim");
    else await this.#startPrey("attacker");
  }

  /** What the root of the attacker's machine has. */
  async #settleMachine(): Promise<void> {
    this.#hasNeighbour = false;
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

  /** Has a second task in the attacker's machine, or none, where the victim is in another one. */
  async beside(neighbour: "neighbour" | "nobody"): Promise<void> {
    if (!this.isApart || this.#hasNeighbour === (neighbour === "neighbour")) return;
    await (neighbour === "neighbour" ? this.#plant() : this.#uproot());
    this.#hasNeighbour = neighbour === "neighbour";
    this.machine = await machinePicture(this);
  }

  async #uproot(): Promise<void> {
    const { code, text } = await this.asRoot(`exec 2>&1; ${UPROOT}`);
    if (code !== 0) throw new Error(`the neighbour is still there: ${text}`);
  }

  async #plant(): Promise<void> {
    this.#neighbour ??= new Neighbour(join(this.sandbox.directory, "neighbour"), this.victim, this.world);
    await this.#neighbour.deliver(this.rootDirectory("attacker"));
    const { code, text } = await this.asRoot(`exec 2>&1; ${PLANT}`);
    if (code !== 0) throw new Error(`no neighbour could be planted: ${text}`);
    await this.#startPrey("attacker");
  }

  /** Which slots the two have by now: one that is opened anew gets another. */
  async #learnSlots(): Promise<void> {
    for (const whose of ["attacker", "victim"] as const)
      this.#slots[whose] = await waitFor(`the slot of the ${whose}`, 5_000, () => learnSlot(this, whose));
  }

  /** Processes of a task that nobody may touch, for as long as the machine lives. */
  async #startPrey(machine: Whose): Promise<void> {
    // The secrets come from files: the words of a command are seen in several processes.
    const script = `export VICTIM=$(cat ~/environment); exec python3 -I -S -c "$0" "$(cat ~/arguments)"`;
    await this.#serveAsPrey(["sh", "-c", script, VICTIM_SERVER], machine);
    await this.startBystander(machine);
  }

  /** Another bystander, whatever became of the last one. */
  async startBystander(machine = this.machineOfPrey): Promise<void> {
    const last = await bystander(this, machine);
    if (last !== "") await this.asRoot(`kill -9 ${Number.parseInt(last, 10)}`, machine);
    const words = ["bash", "-c", "echo serving; exec -a piwork-bystander sleep 1000000"];
    await this.#serveAsPrey(words, machine);
    const started = await waitFor("the bystander", 5_000, async () => (await bystander(this, machine)) || undefined);
    const processes = (await victimProcesses(this, machine)) ?? "";
    if (processes === "") throw new Error("the victim has no process");
    this.#preys[machine] = { processes, bystander: started };
  }

  #serveAsPrey(words: string[], machine: Whose): Promise<void> {
    const isPlanted = this.isApart && machine === "attacker";
    return isPlanted ? this.#serve(asNeighbour(words)) : this.#serve(words, this.victim);
  }

  /** Has the task that nobody may touch do some work, in the machine where the attacker could keep it from that. */
  async workAsPrey(script: string): Promise<{ code: number; said: string } | undefined> {
    if (this.isApart && this.machineOfPrey === "attacker") {
      const end = await inTime(this.asRoot(workOfNeighbour(script)));
      return end && { code: end.code, said: end.text };
    }
    const end = await inTime(this.talk.exec(["sh", "-c", script], { task: this.victim }));
    return end && { code: end.code, said: end.stderr.toString() };
  }

  /** A line for each of the files that are planted in the attacker's machine. */
  async plantedPicture(): Promise<string[]> {
    // The root of the attacker's machine may do with them what it likes.
    if (!this.#hasNeighbour || this.attacksAsRoot) return [];
    const end = await inTime(this.asRoot(PICTURE));
    if (end?.code !== 0) throw new Lost();
    return end.text.trim().split("\n");
  }

  /** Takes back what an attack has changed of the files of others. */
  async restoreFiles(): Promise<void> {
    this.world.restore();
    if (this.#hasNeighbour) await inTime(this.asRoot(RESTORE));
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
    if (this.#confinement.agent !== undefined) return this.attack(script);
    let shell = this.#attackerShells.get(this.#confinement);
    if (shell?.isUsable !== true) {
      const confinement = this.#confinement;
      if (confinement.waits) await this.awaitSpare();
      const enter = (loop: string) => ({ ...confinement.enter(loop), task: this.attacker });
      shell = await Shell.start(this.runtime.client, this.world.own, enter);
      this.#attackerShells.set(this.#confinement, shell);
    }
    return shell.run(this.#knowing(script), ATTACK_DEADLINE_MS);
  }

  /** Waits until a sandbox waits for the attacker's next command. One is made once no command of the task runs any more. */
  async awaitSpare(): Promise<void> {
    for (const shell of this.#attackerShells.values()) await shell[Symbol.asyncDispose]();
    this.#attackerShells.clear();
    await waitFor("a sandbox that waits", SPARE_DEADLINE_MS, async () => {
      const { code } = await this.asRoot(FIND_SPARE);
      return code === 0 || undefined;
    });
  }

  /** Runs a script as the attacker. */
  async attack(script: string, deadlineMs = ATTACK_DEADLINE_MS): Promise<Ran> {
    if (this.#confinement.agent === "pi")
      return this.callTools([["bash", { command: this.#knowing(script), timeout: Math.ceil(deadlineMs / 1000) }]]);
    if (this.#confinement.agent === "probe")
      return runByProbe(this.talk, this.runtime.client, this.attacker, this.#knowing(script), deadlineMs);
    if (this.#confinement.waits) await this.awaitSpare();
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
    return this.#confinement.agent === "pi";
  }

  /** A script that knows where in the machine attacker and victim are: nothing is kept by hiding it. */
  #knowing(script: string, machine: Whose = "attacker"): string {
    const slots = this.isApart && machine === "attacker" ? { ...this.#slots, victim: NEIGHBOUR_SLOT } : this.#slots;
    return `${namesOf(this, slots)}\n${script}`;
  }

  /** Runs a script as root of a machine, outside of every wall. */
  async asRoot(script: string, whose: Whose = "attacker"): Promise<{ text: string; code: number }> {
    const shell = await this.#usableRootShell(this.#rootOf(whose));
    const { output, code } = await shell.run(`exec 2>/dev/null\n${this.#knowing(script, whose)}`, ROOT_DEADLINE_MS);
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
    await this.restoreFiles();
    try {
      await inTime(this.asRoot(`${undo}\n${EMPTY_TMP}`));
      const broken = await machinePicture(this);
      await inTime(this.asRoot(mending(this.machine, broken)));
      if ((await victimProcesses(this, this.machineOfPrey)) !== this.victimProcesses) await this.#revive();
      this.machine = sameAs(this.machine, await machinePicture(this));
    } catch (error) {
      this.renewals.push(String(error));
      await this.renew();
    }
  }

  /** The processes that nobody may touch, anew. */
  async #revive(): Promise<void> {
    const machine = this.machineOfPrey;
    const processes = () => victimProcesses(this, machine);
    await this.asRoot("echo 0 >$VICTIM_GROUP/cgroup.freeze; echo 1 >$VICTIM_GROUP/cgroup.kill", machine);
    await waitFor("the end of the victim's processes", 5_000, async () => (await processes()) === "" || undefined);
    if (!this.isApart || machine === "victim") {
      await waitFor("the victim's agent", 20_000, () =>
        this.runtime.client.call("task_switch", { task: this.victim }).catch(() => undefined),
      );
      await waitFor("the victim's agent", 20_000, async () => (await processes()) || undefined);
    }
    await this.#startPrey(machine);
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
    const isVictimWell = this.isApart && (await victimProcesses(this, "victim")) === this.#preys.victim.processes;
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
