import { setTimeout as delay } from "node:timers/promises";
import type { Machine, MachineObserver } from "../machine/machine.ts";
import { REHEARSAL, Rehearsal } from "../machine/rehearsal.ts";
import { MACHINE_MEMORY_MB, machineMemoryMb } from "../machine/template.ts";
import { PiworkError } from "../protocol/errors.ts";
import type { RuntimeEvent } from "../protocol/events.ts";
import { ProtocolViolation } from "../protocol/violation.ts";
import type { MachineFilesSource } from "../workspace/files.ts";
import type { Fleet, FleetParts, Present } from "./fleet.ts";
import { restWhenIdle } from "./rest.ts";
import { RESERVE_MB, Room } from "./room.ts";

/** Time in which a machine that has nothing more to do comes to rest, and keeps no memory from another one, in milliseconds. */
const REST_WITHIN_MS = 5_000;
/** Between two looks at what there is, in milliseconds. */
const LOOK_MS = 100;
/** What a machine of the pool rehearses. */
const AMOUNT = { prompts: 3, commands: 2, looks: 3 };
/** Time before another machine is made ready, in milliseconds: the task that was opened needs the processor more. */
const FILL_AFTER_MS = 250;
/** Clones of the pool that may fail one after the other before it is left alone. */
const POOL_FAILURES = 3;

export interface MachineEachParts extends FleetParts {
  /** an existing private directory */
  scratch: string;
  /** machines that are kept ready for the next tasks */
  pool: number;
  /** ends the machine of an idle task, whose session is kept; says whether there was one */
  park(): Promise<boolean>;
  warn(message: string, facts: Record<string, unknown>): void;
}

interface Member {
  machine: Machine;
  up: Promise<Machine>;
  /** what it will be able to use once it has grown, in MiB; the host owes it that from its start on */
  memoryMb: number;
  task: string | null;
  /** its task has left it, and it ends because of that */
  isLeft: boolean;
}

/** A machine for each task, which has nothing of any other. */
export class MachineEach implements Fleet {
  readonly #parts: MachineEachParts;
  readonly #files: MachineFilesSource;
  readonly #members = new Set<Member>();
  readonly #entering = new Map<string, Promise<Member>>();
  readonly #pool: Member[] = [];
  /** what a machine of the pool rehearses, while it does */
  readonly #rehearsals = new Map<string, Rehearsal>();
  /** one of the pool that comes up, and has not begun to rehearse */
  #fresh: Member | undefined;
  /** settles when the last of them has rehearsed, or failed to */
  #rehearsal: Promise<void> = Promise.resolve();
  #started = 0;
  /** what the host has for machines, those that come up counted */
  readonly #room = new Room(() =>
    [...this.#members].map(({ machine, memoryMb }) => ({ memoryMb, pid: machine.pid, state: machine.state })),
  );
  #poolFailures = 0;
  #filling: Promise<void> = Promise.resolve();
  /** machines that have ended, until what was made for their files is removed */
  readonly #ends = new Set<Promise<void>>();
  #isStopping = false;

  constructor(parts: MachineEachParts) {
    this.#parts = parts;
    this.#files = parts.files.forSingleTasks(parts.places, parts.scratch);
  }

  get machines(): readonly Present[] {
    return [...this.#members];
  }

  machineOf(task: string): Machine | undefined {
    return this.machines.find((one) => one.task === task)?.machine;
  }

  /** Settles what machines are made of; the pool is filled meanwhile. */
  async prepare(): Promise<void> {
    await Promise.all([this.#parts.source.prepare(), this.#files.prepare()]);
    if (this.#parts.pool === 0) return;
    // Where not even one comes up, there is nothing to offer.
    const first = await this.#startInRoom(MACHINE_MEMORY_MB);
    this.#fresh = first;
    await first.up;
    void this.#fill(first);
  }

  async enter(task: string): Promise<Machine> {
    let entering = this.#entering.get(task);
    if (entering === undefined) {
      entering = this.#take(task);
      this.#entering.set(task, entering);
      const forget = () => {
        if (this.#entering.get(task) === entering) this.#entering.delete(task);
      };
      entering.then(({ machine }) => machine.ended.then(forget), forget);
    }
    const { machine } = await entering;
    await this.#makeRoom(
      () => this.#room.unpromised(machine),
      () => machine.resume(),
    );
    return machine;
  }

  /** No task is parked for it. */
  wake(machine: Machine): string | undefined {
    const neededMb = this.#room.unpromised(machine);
    if (!this.#room.has(neededMb))
      return `the machine rests and was not woken: it could use ${Math.ceil(neededMb)} MiB of this host's memory. ${this.#room.words}`;
    machine.resume();
    return undefined;
  }

  async #take(task: string): Promise<Member> {
    const memoryMb = machineMemoryMb(this.#parts.memoryOf(task));
    const ready = this.#takeReady() ?? (await this.#takeRehearsed());
    const member = ready ?? (await this.#startInRoom(memoryMb));
    member.task = task;
    await member.up;
    try {
      const { machine } = member;
      const resume = () => {
        member.memoryMb = memoryMb;
        machine.resume();
      };
      await this.#makeRoom(() => memoryMb - member.memoryMb + this.#room.unpromised(machine), resume);
      await machine.growTo(memoryMb);
    } catch (error) {
      member.isLeft = true;
      await member.machine.stop();
      throw error;
    }
    restWhenIdle(member.machine, () => this.#parts.isBusy([task]));
    return member;
  }

  /** One of the pool, or one that was started for it and has nothing behind it yet: sooner there than another one. */
  #takeReady(): Member | undefined {
    const ready = this.#pool.shift();
    if (ready !== undefined) return ready;
    const fresh = this.#fresh;
    this.#fresh = undefined;
    return fresh;
  }

  /** One that rehearses, once it has: where machines are not cloned, another one would take longer. */
  async #takeRehearsed(): Promise<Member | undefined> {
    if (this.#parts.source.template !== undefined) return undefined;
    await this.#rehearsal.catch(() => {}); // told where it is ended
    return this.#takeReady();
  }

  opened(): void {
    setTimeout(() => void this.#fill(), FILL_AFTER_MS);
  }

  async leave(task: string): Promise<void> {
    const member = await this.#entering.get(task)?.catch(() => undefined);
    if (member === undefined) return;
    member.isLeft = true;
    await member.machine.stop();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const stopAll = () => Promise.all([...this.#members].map(({ machine }) => machine.stop()));
    // One that rehearses for the pool is not waited for.
    await stopAll();
    await this.#filling;
    await stopAll();
    await Promise.all(this.#ends);
    await this.#files.close();
  }

  async #start(memoryMb: number): Promise<Member> {
    using _promised = this.#room.promise(memoryMb);
    const id = `machine-${++this.#started}`;
    const files = await this.#files.open(id);
    const observer = this.#parts.observe(id);
    let member: Member | undefined;
    // What has taken over a machine says what it likes, and is believed of its own task alone.
    const isOwn = (task: string | null, what: string) => {
      if (task !== null && task === member?.task) return true;
      // The two links know nothing of each other: what was opened in a rehearsal may come after its end.
      if (task === REHEARSAL) return false;
      throw new ProtocolViolation(`${what} of '${task}', which is not in this machine`);
    };
    const event = (event: RuntimeEvent) => {
      const rehearsal = this.#rehearsals.get(id);
      if (rehearsal !== undefined) rehearsal.hear(event);
      else if (isOwn(event.taskId, "an event")) observer.event(event);
    };
    const connection: MachineObserver["connection"] = (stream, task) => {
      const rehearsal = this.#rehearsals.get(id);
      if (rehearsal !== undefined) rehearsal.connect(stream, task);
      else if (isOwn(task, "a connection")) observer.connection(stream, task);
      else stream.destroy();
    };
    const { machine, up } = await this.#parts.source.start(id, files, { ...observer, event, connection });
    const started: Member = { machine, up, memoryMb, task: null, isLeft: false };
    member = started;
    up.catch(() => {}); // told where it is waited for
    this.#members.add(started);
    const end = machine.ended.then((reason) => this.#end(started, reason)).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
    return started;
  }

  async #end(member: Member, reason: PiworkError): Promise<void> {
    const { machine, task } = member;
    this.#members.delete(member);
    const at = this.#pool.indexOf(member);
    if (at !== -1) this.#pool.splice(at, 1);
    if (task !== null && machine.bootMs !== null && !member.isLeft) this.#parts.lost(machine, reason, [task]);
    try {
      await machine.files.close();
    } catch (error) {
      this.#parts.warn("what was made for the files of a machine could not be removed", { id: machine.id, error });
    }
  }

  /** Keeps so many machines ready as were asked for, one after the other; the first may be there already. */
  #fill(first?: Member): Promise<void> {
    const before = this.#filling;
    const fill = async () => {
      await before;
      if (first !== undefined) await this.#makeReady(first);
      while (this.#pool.length < this.#parts.pool && !this.#isStopping && this.#poolFailures < POOL_FAILURES) {
        // Without a template each would take seconds of a core, which a task that is being opened needs more.
        if (this.#parts.source.template === undefined) return this.#fillOnceTemplateIsThere();
        // No task makes room for one that nobody has asked for.
        if (!this.#room.has(MACHINE_MEMORY_MB)) return;
        try {
          const member = await this.#start(MACHINE_MEMORY_MB);
          this.#fresh = member;
          await this.#makeReady(member);
        } catch (error) {
          this.#failed(error);
        }
      }
    };
    this.#filling = fill();
    return this.#filling;
  }

  /** Has a machine come up and rehearse, unless a task takes it before. */
  async #makeReady(member: Member): Promise<void> {
    const { machine, up } = member;
    try {
      await up;
      if (this.#fresh !== member) return;
      this.#fresh = undefined;
      this.#rehearsal = this.#rehearse(member);
      await this.#rehearsal;
    } catch (error) {
      if (this.#fresh === member) this.#fresh = undefined;
      this.#failed(error);
      await machine.stop();
    }
  }

  #failed(error: unknown): void {
    this.#poolFailures++;
    if (!this.#isStopping) this.#parts.warn("a machine of the pool did not come up", { error });
  }

  /** Lets a machine do once what it will do for a task (in a clone, nothing has run before), and keeps it for one. */
  async #rehearse(member: Member): Promise<void> {
    const { machine } = member;
    const { scratch, agent } = this.#parts;
    using rehearsal = new Rehearsal(scratch, `rehearsal-${machine.id}`);
    this.#rehearsals.set(machine.id, rehearsal);
    try {
      await rehearsal.perform(machine, agent, AMOUNT);
    } finally {
      this.#rehearsals.delete(machine.id);
    }
    this.#poolFailures = 0;
    await machine.pause();
    if (machine.state === "paused") this.#pool.push(member);
  }

  #fillOnceTemplateIsThere(): void {
    const { source } = this.#parts;
    void source.settled().then(() => (source.template === undefined ? undefined : this.#fill()));
  }

  /** One more machine only where the host has the memory; idle ones make room. */
  #startInRoom(memoryMb: number): Promise<Member> {
    return this.#makeRoom(
      () => memoryMb,
      () => this.#start(memoryMb),
    );
  }

  /** Makes room, and takes it in the moment in which it is there: nothing else can be promised it between the two. */
  async #makeRoom<T>(neededMb: () => number, take: () => T): Promise<Awaited<T>> {
    const deadline = performance.now() + REST_WITHIN_MS;
    while (!this.#room.has(neededMb())) {
      if (await this.#parts.park()) continue;
      if (performance.now() < deadline) {
        await delay(LOOK_MS);
        continue;
      }
      throw new PiworkError(
        "LIMIT_EXCEEDED",
        `The machine of this task could use ${Math.ceil(neededMb())} MiB more of this host's memory. ${this.#room.words}, and ${RESERVE_MB} MiB stay free. Stop a task, wait until one is idle, or give the task less (--memory).`,
      );
    }
    return await take();
  }
}
