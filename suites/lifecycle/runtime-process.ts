import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import type { Check } from "../../harness/checks.ts";
import { PIWORK, piwork, RunningRuntime, type Sandbox, waitFor, waitForEnd } from "../../harness/piwork.ts";
import { attempt } from "../../harness/talk.ts";
import { childrenNamed, listeningPorts, processStatus, processTree, qemusExporting } from "../../harness/world.ts";
import { rememberedVerdict } from "../../runtime/machine/acceleration.ts";
import { controlSocket, findPlaces, REPOSITORY } from "../../runtime/places.ts";

/** Set in the runtime's environment; it must turn up nowhere. */
const PLANTED_KEY = "PIWORK_SUITE_API_KEY";

/** What the machine may have on its bus, by vendor and device; any network card would be another. */
const KNOWN_DEVICES: Record<string, string> = {
  "808629c0": "q35 host bridge",
  "80862918": "q35 ISA bridge",
  "1af41001": "virtio block",
  "1af41003": "virtio console",
  "1af41009": "virtio 9p",
};

/** The runtime as a process: what it opens, who may talk to it, and what is left of it after each kind of end. */
export function runtimeProcess(sandbox: Sandbox, current: { runtime: RunningRuntime }, plantedSecret: string): Check[] {
  const client = () => current.runtime.client;
  const cli = (...words: string[]) => piwork([...sandbox.words, ...words]);
  const socket = controlSocket(findPlaces({ state: sandbox.state }));
  const restart = async (environment: NodeJS.ProcessEnv = {}) => {
    current.runtime = await RunningRuntime.start(sandbox, { environment });
  };

  return [
    {
      id: "status.facts",
      claim: "status is JSON with machines, tasks, acceleration and its reason, and has a page for people",
      async run() {
        const status = JSON.parse((await cli("status", "--json")).stdout);
        assert.equal(status.machines.length === 1 && status.tasks.length > 0, true);
        assert.equal(["kvm", "tcg"].includes(status.acceleration.used) && status.acceleration.reason.length > 0, true);
        const { stdout, code } = await cli("status");
        assert.equal(code, 0);
        assert.equal(stdout.includes(status.acceleration.reason) && stdout.includes(status.tasks[0].id), true);
      },
    },
    {
      id: "qemu.confined",
      claim: "QEMU runs with no capability, no new privileges, a seccomp filter, and namespaces of its own",
      async run() {
        const pid = await current.runtime.qemuPid();
        const status = processStatus(pid);
        assert.equal(status["CapEff"], "0000000000000000");
        assert.equal(status["CapBnd"], "0000000000000000");
        assert.deepEqual([status["NoNewPrivs"], status["Seccomp"]], ["1", "2"]);
        for (const namespace of ["user", "mnt", "pid", "net", "ipc", "uts"]) {
          const [its, ours] = [pid, process.pid].map((of) => statSync(`/proc/${of}/ns/${namespace}`).ino);
          assert.notEqual(its, ours, `QEMU shares the ${namespace} namespace`);
        }
      },
    },
    {
      id: "qemu.sees-only-exports",
      claim: "QEMU's file system holds its image, its sockets and the two exports, nothing else of the host",
      async run() {
        const pid = await current.runtime.qemuPid();
        assert.deepEqual(readdirSync(`/proc/${pid}/root/export`).sort(), ["tasks", "workspace"]);
        const top = readdirSync(`/proc/${pid}/root`).sort();
        assert.deepEqual(top, ["bin", "dev", "export", "image", "lib", "lib64", "proc", "sockets", "usr"]);
        assert.deepEqual(
          readdirSync(`/proc/${pid}/root/export/tasks`).sort(),
          readdirSync(join(sandbox.state, "tasks")).sort(),
        );
      },
    },
    {
      id: "network.nothing-listens",
      claim: "no process of the runtime listens on TCP, and the machine has no network card",
      async run() {
        for (const pid of processTree(current.runtime.process.pid as number))
          assert.deepEqual(listeningPorts(pid), [], `process ${pid}`);
        const { stdout } = await cli("exec", "--", "cat", "/proc/bus/pci/devices");
        const devices = stdout
          .trim()
          .split("\n")
          .map((line) => line.split("\t")[1] ?? "");
        assert.deepEqual(
          devices.filter((device) => !(device in KNOWN_DEVICES)),
          [],
          "devices that no one asked for",
        );
        assert.equal(devices.length >= 5, true, stdout);
      },
    },
    {
      id: "taskd.port-private",
      claim: "only root of the guest can open taskd's port, and a task does not see it",
      async run() {
        const [{ guest } = assert.fail("no machine")] = (await client().call("diag", {})).machines;
        assert.deepEqual(guest.port, { uid: 0, mode: "600" });
        const { stdout } = await cli("exec", "--", "sh", "-c", "ls /dev; find / -xdev -name 'vport*' 2>/dev/null");
        assert.match(stdout, /^null$/m);
        assert.equal(/vport|vda|kmsg|^mem$/m.test(stdout), false, stdout);
      },
    },
    {
      id: "control.private",
      claim: "the control socket has mode 0600 in a directory with mode 0700, and refuses what is not a call",
      async run() {
        assert.equal(statSync(socket).mode & 0o777, 0o600);
        assert.equal(statSync(dirname(socket)).mode & 0o777, 0o700);
        const raw = client() as unknown as { call(name: string, input: unknown): Promise<unknown> };
        for (const name of ["constructor", "__proto__", "../status", "nothing"])
          assert.equal(await attempt(() => raw.call(name, {})), "INVALID_REQUEST", name);
        assert.equal(await attempt(() => raw.call("status", { extra: 1 })), "INVALID_REQUEST");
        assert.equal(
          await attempt(() => raw.call("task_create", { title: "x".repeat(2_000_000), folder: null })),
          "LIMIT_EXCEEDED",
        );
        assert.equal(await attempt(() => client().call("status", {})), "accepted");
      },
    },
    {
      id: "state.one-runtime",
      claim: "a second runtime on the same state refuses, names the first, and leaves it alone",
      async run() {
        const { code, stderr } = await cli("up", "--headless", "--workspace", sandbox.workspace);
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`process ${current.runtime.process.pid}\\b`));
        assert.equal(await attempt(() => client().call("status", {})), "accepted");
      },
    },
    {
      id: "acceleration.forced-kvm",
      claim: "--accel kvm is refused with the reason where KVM does not work, and used where it does",
      async run() {
        const verdict = await rememberedVerdict(findPlaces().cache);
        const other = join(sandbox.directory, "kvm-state");
        const { code, stderr } = await withDeadline(
          piwork([
            "--state",
            other,
            "--logs",
            join(sandbox.directory, "kvm-logs"),
            "up",
            "--headless",
            "--workspace",
            sandbox.workspace,
            "--accel",
            "kvm",
          ]),
          verdict?.works === true,
          other,
        );
        if (verdict?.works === true) assert.equal(code, 0, stderr);
        else assert.deepEqual([code, /KVM does not work here: .+/.test(stderr)], [1, true], stderr);
      },
    },
    {
      id: "library.connect",
      claim: 'a program in plain Node can `import { connect } from "piwork"` and use the runtime',
      async run() {
        const program = `import { connect } from "piwork"; const c = await connect({ state: process.argv[1] }); console.log((await c.call("task_list", {})).length);`;
        const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program, sandbox.state], {
          cwd: REPOSITORY,
          extendEnv: true,
        });
        assert.equal(Number(stdout), (await client().call("task_list", {})).length);
      },
    },
    {
      id: "usage.exit-codes",
      claim: "help ends with 0, wrong usage with 2, failure with 1, each with a sentence",
      async run() {
        const code = async (...words: string[]) => (await cli(...words)).code;
        assert.deepEqual(
          await Promise.all([
            code("--help"),
            code("task", "create", "--help"),
            code("bogus"),
            code("task", "create"),
            code("task", "show", "no-such-task"),
            code("exec"),
          ]),
          [0, 0, 2, 2, 1, 2],
        );
      },
    },
    {
      id: "qemu.killed",
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
        await waitFor(
          "the prompt to run",
          20_000,
          () => existsSync(join(sandbox.workspace, "demo/started")) || undefined,
        );
        process.kill(await current.runtime.qemuPid(), "SIGKILL");
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
        assert.deepEqual(qemusExporting(sandbox.workspace), []);
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
        const environment = readFileSync(`/proc/${await current.runtime.qemuPid()}/environ`, "utf8");
        assert.equal(environment.includes(plantedSecret), false);
        assert.equal(
          readFileSync(`/proc/${current.runtime.process.pid}/environ`, "utf8").includes(plantedSecret),
          true,
          "the secret was not planted",
        );
      },
    },
    {
      id: "end.interrupt",
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
      claim: "Ctrl-C while the machine boots ends it at once, with nothing left",
      async run() {
        const child = spawn(
          process.execPath,
          [PIWORK, ...sandbox.words, "up", "--headless", "--workspace", sandbox.workspace],
          { stdio: "ignore" },
        );
        const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
        const tree = await waitFor("QEMU", 20_000, () => {
          const members = processTree(child.pid as number);
          return members.length >= 3 ? members : undefined;
        });
        child.kill("SIGINT");
        assert.equal(await exited, 0);
        for (const pid of tree) await waitForEnd(pid, "a process of the runtime", 2_000);
      },
    },
    {
      id: "end.kill-9-while-booting",
      claim:
        "kill -9 in the milliseconds in which the walls around QEMU are built leaves no QEMU, and the next start works",
      async run() {
        let caught = 0;
        for (let pause = 0; pause < 24; pause += 3) {
          const child = spawn(process.execPath, [PIWORK, ...sandbox.words, "up", "--workspace", sandbox.workspace], {
            stdio: "ignore",
          });
          const exited = new Promise((resolve) => child.once("close", resolve));
          await waitFor(
            "bubblewrap",
            20_000,
            () => childrenNamed(child.pid as number, "bwrap").length > 0 || undefined,
          );
          await delay(pause);
          caught += childrenNamed(child.pid as number, "bwrap").length;
          child.kill("SIGKILL");
          await exited;
        }
        assert.equal(caught, 8, "a kill came too late to prove anything");
        await waitFor(
          "the end of every QEMU",
          5_000,
          () => qemusExporting(sandbox.workspace).length === 0 || undefined,
        );
      },
    },
    {
      id: "end.down",
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
      claim: "piwork.log is JSON a line, and qemu.log has the machine's console",
      async run() {
        const lines = readFileSync(join(sandbox.logs, "piwork.log"), "utf8").trim().split("\n");
        assert.deepEqual(
          lines.map((line) => JSON.parse(line).message).filter((message) => /^runtime /.test(message)),
          ["runtime started", "runtime stopped"],
        );
        assert.match(readFileSync(join(sandbox.logs, "qemu.log"), "utf8"), /piwork: taskd listens/);
      },
    },
  ];

  /** A runtime that does start has to be stopped for its exit code. */
  async function withDeadline<T>(run: Promise<T>, starts: boolean, state: string): Promise<T> {
    if (starts) {
      await waitFor(
        "the runtime under KVM",
        60_000,
        async () => (await piwork(["--state", state, "down"])).code === 0 || undefined,
      );
    }
    return run;
  }
}
