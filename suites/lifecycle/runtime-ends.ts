import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { $ } from "zx";
import type { Check } from "../../harness/checks/checks.ts";
import { childrenNamed, processTree, qemusOf } from "../../harness/host/processes.ts";
import { waitFor, waitForEnd } from "../../harness/host/wait-for.ts";
import { ISOLATION, PIWORK, piwork, RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { controlSocket, findPlaces } from "../../runtime/state/places.ts";

/** Set in the runtime's environment; it must turn up nowhere. */
const PLANTED_KEY = "PIWORK_SUITE_API_KEY";

/** The ends of a runtime and of its machine, and what is left after each. */
export function runtimeEnds(sandbox: Sandbox, current: { runtime: RunningRuntime }, plantedSecret: string): Check[] {
  const client = () => current.runtime.client;
  const cli = (...words: string[]) => piwork([...sandbox.words, ...words]);
  const socket = controlSocket(findPlaces({ state: sandbox.state }));
  const up = () => {
    const words = [...sandbox.words, "up", "--headless", "--isolation", ISOLATION, "--workspace", sandbox.workspace];
    return $({ stdio: "ignore", nothrow: true })`exec ${process.execPath} ${PIWORK} ${words}`;
  };
  const restart = async (environment: NodeJS.ProcessEnv = {}) => {
    current.runtime = await RunningRuntime.start(sandbox, { environment });
  };

  return [
    {
      id: "qemu.killed",
      standsOn: ["task.create"],
      claim: "a machine that dies is noticed and named, and the next prompt runs in a new one",
      async run() {
        const [task] = await client().call("task_list", {});
        if (task === undefined) assert.fail("there is no task");
        const running = (async () => {
          for await (const event of client().stream("prompt", {
            task: task.id,
            message: "run: touch started; sleep 600",
          })) {
            if (event.event === "task_error") return event.payload;
          }
          return undefined;
        })();
        running.catch(() => {}); // seen below, where it is looked at
        await waitFor(
          "the prompt to run",
          20_000,
          () => existsSync(join(sandbox.workspace, "demo/started")) || undefined,
        );
        process.kill(await current.runtime.qemuPid(task.id), "SIGKILL");
        assert.deepEqual([(await running)?.during, (await running)?.error.code], ["prompt", "PI_PROCESS_DEAD"]);
        assert.equal((await client().call("task_show", { task: task.id })).state, "errored");
        const { stdout } = await cli(
          "exec",
          "--task",
          task.id,
          "--",
          "sh",
          "-c",
          "ls started; printf kept > made-before-kill",
        );
        assert.equal(stdout, "started\n");
      },
    },
    {
      id: "end.kill-9",
      standsOn: ["qemu.killed"],
      claim: "kill -9 of the runtime leaves no QEMU, and the next one has every task and opens it",
      async run() {
        // Its first machine: the next runtime begins with one of the same name.
        await cli("down");
        await restart();
        const tasks = (await client().call("task_list", {})).map(({ id }) => id);
        const qemu = await current.runtime.qemuPid();
        current.runtime.process.kill("SIGKILL");
        await current.runtime.exited;
        await waitForEnd(qemu, "QEMU");
        assert.deepEqual(qemusOf(sandbox), []);
        await restart({ [PLANTED_KEY]: plantedSecret });
        const found = await client().call("task_list", {});
        assert.deepEqual(
          [found.map(({ id }) => id), [...new Set(found.map(({ state }) => state))]],
          [tasks, ["stopped"]],
        );
        const { stdout } = await cli("exec", "--task", tasks[0] ?? "", "--", "cat", "made-before-kill");
        assert.equal(stdout, "kept");
      },
    },
    {
      id: "secret.not-passed-on",
      standsOn: ["end.kill-9"],
      claim: "the runtime's environment reaches neither a task nor a log nor a file of the state",
      async run() {
        const [task] = await client().call("task_list", {});
        const { stdout } = await cli(
          "exec",
          "--task",
          task?.id ?? "",
          "--",
          "sh",
          "-c",
          "env; cat /proc/*/environ | tr '\\0' '\\n'",
        );
        assert.match(stdout, /^HOME=\/home\/task$/m);
        assert.equal(stdout.includes(plantedSecret), false);
        await cli("diag", "--json");
        for (const directory of [sandbox.logs, sandbox.state]) {
          for (const file of readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
            entry.isFile(),
          )) {
            assert.equal(readFileSync(join(file.parentPath, file.name)).includes(plantedSecret), false, file.name);
          }
        }
        const qemus = qemusOf(sandbox);
        assert.equal(qemus.length > 0, true, "no QEMU runs");
        for (const qemu of qemus)
          assert.equal(readFileSync(`/proc/${qemu}/environ`, "utf8").includes(plantedSecret), false);
        assert.equal(
          readFileSync(`/proc/${current.runtime.process.pid}/environ`, "utf8").includes(plantedSecret),
          true,
          "the secret was not planted",
        );
      },
    },
    {
      id: "end.interrupt",
      standsOn: ["task.create"],
      claim: "Ctrl-C ends the runtime with code 0: no QEMU, no socket, tasks stopped",
      async run() {
        const qemu = await current.runtime.qemuPid();
        const tree = processTree(current.runtime.process.pid as number);
        assert.equal(tree.includes(qemu), true);
        current.runtime.process.kill("SIGINT");
        assert.equal(await current.runtime.exited, 0, current.runtime.output);
        for (const pid of tree) await waitForEnd(pid, "a process of the runtime", 2_000);
        assert.equal(existsSync(socket), false);
      },
    },
    {
      id: "end.interrupt-while-booting",
      standsOn: ["end.interrupt"],
      claim: "Ctrl-C while the machine boots ends it at once, with nothing left",
      async run() {
        const booting = up();
        const tree = await waitFor("QEMU", 20_000, () =>
          qemusOf(sandbox).length > 0 ? processTree(booting.pid as number) : undefined,
        );
        booting.child?.kill("SIGINT");
        assert.equal(await booting.exitCode, 0);
        for (const pid of tree) await waitForEnd(pid, "a process of the runtime", 2_000);
      },
    },
    {
      id: "end.kill-9-while-booting",
      standsOn: ["end.interrupt"],
      claim:
        "kill -9 in the milliseconds in which the walls around QEMU are built leaves no QEMU, and the next start works",
      async run() {
        let caught = 0;
        for (let pause = 0; pause < 24; pause += 3) {
          const booting = up();
          await waitFor(
            "bubblewrap",
            20_000,
            () => childrenNamed(booting.pid as number, "bwrap").length > 0 || undefined,
          );
          await delay(pause);
          caught += childrenNamed(booting.pid as number, "bwrap").length;
          booting.child?.kill("SIGKILL");
          await booting;
        }
        assert.equal(caught, 8, "a kill came too late to prove anything");
        await waitFor("the end of every QEMU", 5_000, () => qemusOf(sandbox).length === 0 || undefined);
      },
    },
    {
      id: "end.down",
      standsOn: ["end.interrupt"],
      claim: "'piwork down' ends everything, and commands then say that nothing runs",
      async run() {
        await restart();
        const tree = processTree(current.runtime.process.pid as number);
        const { code, stderr } = await cli("down");
        assert.equal(code, 0, stderr);
        for (const pid of tree) await waitForEnd(pid, "a process of the runtime", 2_000);
        const after = await cli("status");
        assert.equal(after.code, 1);
        assert.match(after.stderr, /No runtime is running.*npm start/s);
      },
    },
    {
      id: "logs.readable",
      standsOn: ["end.down"],
      claim: "piwork.log is JSON a line, from the start of the runtime to its end, and qemu.log is beside it",
      async run() {
        const lines = readFileSync(join(sandbox.logs, "piwork.log"), "utf8").trim().split("\n");
        assert.deepEqual(
          lines.map((line) => JSON.parse(line).message).filter((message) => /^runtime /.test(message)),
          ["runtime started", "runtime stopped"],
        );
        // What a machine says while it boots is looked at where one is booted: a clone says nothing.
        assert.equal(existsSync(join(sandbox.logs, "qemu.log")), true);
      },
    },
  ];
}
