import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { Load } from "../../harness/host/load.ts";
import { processTree, qemusWithSocketsIn } from "../../harness/host/processes.ts";
import { SMALL_DISK, SmallDisk } from "../../harness/host/small-disk.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { Clones } from "../../harness/machines/clones.ts";
import { ISOLATION, makeSandbox, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { Talk } from "../../harness/runtimes/talk.ts";
import type { Machine } from "../../runtime/machine/machine.ts";
import { buildTemplate } from "../../runtime/machine/template-build.ts";
import { ALL_WALLS } from "../../runtime/machine/walls.ts";
import { findPlaces } from "../../runtime/state/places.ts";

/** Opens that are asked for at once. */
const AT_ONCE = 20;
/** Runtimes that are ended while their pool is being filled, each after so many milliseconds more. */
const SHUTDOWNS = 6;
const STEP_MS = 250;

/** Clones that do not come to be as they should, and many of them. */
export function cloneFaults(sandbox: Sandbox, inARow: number): Check[] {
  const nothingLeft = ({ directory, sockets }: Clones) => {
    assert.deepEqual(qemusWithSocketsIn(directory), [], "QEMU was left");
    assert.equal(existsSync(sockets), false, "its sockets were left");
  };

  async function refused(clones: Clones, up: Promise<Machine>): Promise<string> {
    const outcome = await up.then(
      () => assert.fail("the machine was accepted"),
      (error: { code: string; message: string }) => error,
    );
    assert.equal(outcome.code, "TASK_BOOTSTRAP_FAILED", outcome.message);
    nothingLeft(clones);
    return outcome.message;
  }

  return [
    {
      id: "clone.never-answers",
      claim: "a clone that never answers is ended by its watchdog, and nothing of it is left",
      async run() {
        await using clones = await Clones.open(sandbox.logs);
        const { machine, up } = await clones.clone({ deadlineMs: 6_000 });
        up.catch(() => {});
        // Only then it is QEMU: before, one that is stopped outlives its watchdog, as a process that waits at the gate.
        const isThere = () => (existsSync(join(clones.sockets, "qmp.sock")) ? qemuOf(machine) : undefined);
        process.kill(await waitFor("QEMU", 20_000, isThere), "SIGSTOP");
        return { said: await refused(clones, up) };
      },
    },
    {
      id: "clone.killed-at-each-step",
      claim: "a QEMU that is killed at any step of a clone's start is named as the reason, and nothing of it is left",
      deadlineMs: 240_000,
      async run() {
        await using clones = await Clones.open(sandbox.logs);
        const said: string[] = [];
        // Its walls stand; it listens; what was saved is loaded: each a moment later than the one before.
        const moments = [
          async (machine: Machine) => qemuOf(machine),
          async (machine: Machine) => existsSync(join(clones.sockets, "qmp.sock")) && qemuOf(machine),
          async (machine: Machine) => existsSync(join(clones.sockets, "taskd.sock")) && qemuOf(machine),
          async (machine: Machine) => machine.steps.length > 0 && qemuOf(machine),
        ];
        for (const moment of moments) {
          const { machine, up } = await clones.clone();
          up.catch(() => {});
          const pid = await waitFor("the moment", 20_000, async () => (await moment(machine)) || undefined);
          process.kill(pid, "SIGKILL");
          said.push(await refused(clones, up));
        }
        return { said };
      },
    },
    {
      id: "template.disk-full",
      needsRoot: SMALL_DISK,
      claim: "a disk that is full while a template is saved is named as the reason, and no half of it is left",
      deadlineMs: 240_000,
      async run() {
        await using clones = await Clones.open(sandbox.logs);
        using disk = new SmallDisk(join(sandbox.directory, "small"), 16);
        const kind = await clones.kind();
        const building = buildTemplate({
          ...kind,
          walls: ALL_WALLS,
          cache: disk.path,
          scratch: clones.directory,
          consoleLog: clones.consoleLog,
          signal: new AbortController().signal,
        });
        await assert.rejects(building, { code: "TASK_BOOTSTRAP_FAILED", message: /disk .* is full/ });
        assert.deepEqual(readdirSync(join(disk.path, "templates")), []);
        assert.deepEqual(qemusWithSocketsIn(clones.directory), []);
      },
    },
    {
      id: "clone.many-in-a-row",
      claim: `${inARow} clones in a row, with all cores busy: each answers, and nothing is left of any`,
      deadlineMs: 60_000 + inARow * 20_000,
      async run() {
        await using clones = await Clones.open(sandbox.logs);
        using _load = new Load();
        const took: number[] = [];
        for (let at = 0; at < inARow; at++) {
          const { up } = await clones.clone();
          await using machine = await up;
          took.push(Math.round(machine.bootMs ?? 0));
        }
        nothingLeft(clones);
        return { slowestMs: Math.max(...took) };
      },
    },
    ...(ISOLATION === "vm" ? ofRuntimes(sandbox.logs) : []),
  ];
}

/** The process in QEMU's place, once its walls stand. */
function qemuOf({ pid }: Machine): number | undefined {
  return pid;
}

function ofRuntimes(logs: string): Check[] {
  return [
    {
      id: "own-machine.at-once",
      claim: `${AT_ONCE} tasks that are opened at once each get a machine, and each answers`,
      deadlineMs: 600_000,
      async run() {
        using sandbox = makeSandbox(join(logs, "at-once"));
        await using runtime = await RunningRuntime.start(sandbox);
        const titles = Array.from({ length: AT_ONCE }, (_, at) => `At once ${at}`);
        const tasks = await Promise.all(
          titles.map((title) => runtime.client.call("task_create", { title, folder: null })),
        );
        const talk = new Talk(() => runtime.client);
        for (const { id, title } of tasks) assert.equal(await talk.ask(title, id), title);
        const { machines } = await runtime.client.call("status", {});
        const own = machines.filter(({ task }) => task !== null);
        assert.equal(new Set(own.map(({ pid }) => pid)).size, AT_ONCE, "two tasks have one machine");
      },
    },
    {
      id: "own-machine.shutdown-while-filling",
      claim: "a runtime that is ended while its pool is being filled, at any moment of it, leaves nothing",
      deadlineMs: 300_000,
      async run() {
        let whileFilling = 0;
        for (let at = 0; at < SHUTDOWNS; at++) {
          using sandbox = makeSandbox(join(logs, `shutdown-${at}`));
          const runtime = await RunningRuntime.start(sandbox, { words: ["--pool", "3"] });
          await new Promise((resolve) => setTimeout(resolve, at * STEP_MS));
          const { machines } = await runtime.client.call("status", {});
          if (machines.filter(({ state }) => state === "paused").length < 3) whileFilling++;
          const tree = processTree(runtime.process.pid as number);
          runtime.process.kill("SIGTERM");
          assert.equal(await runtime.exited, 0, runtime.output);
          await waitFor(
            "the end of every process",
            10_000,
            () => !tree.some((pid) => existsSync(`/proc/${pid}`)) || undefined,
          );
          const { sockets } = findPlaces({ state: sandbox.state });
          assert.deepEqual(qemusWithSocketsIn(sockets), []);
          assert.deepEqual(existsSync(sockets) ? readdirSync(sockets).filter((name) => name !== "stage") : [], []);
        }
        assert.equal(
          whileFilling >= SHUTDOWNS / 2,
          true,
          `only ${whileFilling} were ended while the pool was being filled`,
        );
        return { whileFilling };
      },
    },
  ];
}
