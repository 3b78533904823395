import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { $ } from "zx";
import type { Check } from "../../harness/checks/checks.ts";
import { listenersOf, processStatus, processTree } from "../../harness/host/processes.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { ISOLATION, piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt } from "../../harness/runtimes/talk.ts";
import type { StatusView } from "../../runtime/api/status.ts";
import { rememberedVerdict } from "../../runtime/machine/acceleration.ts";
import { isOpen } from "../../runtime/protocol/states.ts";
import { controlSocket, findPlaces, REPOSITORY } from "../../runtime/state/places.ts";

/** What the machine may have on its bus, by vendor and device; any network card would be another. */
const KNOWN_DEVICES: Record<string, string> = {
  "808629c0": "q35 host bridge",
  "80862918": "q35 ISA bridge",
  "1af41001": "virtio block",
  "1af41003": "virtio console",
  "1af41009": "virtio 9p",
};

/** The runtime while it runs: what it shows, what it opens, and who may talk to it. */
export function runtimeFacts(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const client = () => runtime().client;
  const cli = (...words: string[]) => piwork([...sandbox.words, ...words]);
  const socket = controlSocket(findPlaces({ state: sandbox.state }));

  return [
    {
      id: "status.facts",
      standsOn: ["task.create"],
      claim: "status is JSON with machines, tasks, acceleration and its reason, and has a page for people",
      async run() {
        const status = JSON.parse((await cli("status", "--json")).stdout);
        assert.equal(status.tasks.length > 0, true);
        assertMachines(status);
        assert.equal(["kvm", "tcg"].includes(status.acceleration.used) && status.acceleration.reason.length > 0, true);
        const { stdout, code } = await cli("status");
        assert.equal(code, 0);
        assert.equal(stdout.includes(status.acceleration.reason) && stdout.includes(status.tasks[0].id), true);
      },
    },
    {
      id: "qemu.confined",
      standsOn: ["task.create"],
      claim: "QEMU runs with no capability, no new privileges, a seccomp filter, and namespaces of its own",
      async run() {
        const pid = await runtime().qemuPid();
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
      standsOn: ["task.create"],
      claim:
        "QEMU's file system holds its image, its sockets and the two exports, nothing else of the host; in a machine of its own these hold one task and its folder",
      async run() {
        const pid = await runtime().qemuPid();
        const { tasks, activeTask } = await client().call("status", {});
        const folder = tasks.find(({ id }) => id === activeTask)?.folder;
        assert.deepEqual(readdirSync(`/proc/${pid}/root/export`).sort(), ["tasks", "workspace"]);
        const top = readdirSync(`/proc/${pid}/root`).sort();
        assert.deepEqual(top, ["bin", "dev", "export", "image", "lib", "lib64", "proc", "sockets", "usr"]);
        const [ofTasks, ofWorkspace] = ["tasks", "workspace"].map((tag) =>
          readdirSync(`/proc/${pid}/root/export/${tag}`).sort(),
        );
        assert.deepEqual(
          [ofTasks, ofWorkspace],
          ISOLATION === "vm"
            ? [[activeTask], [folder]]
            : [readdirSync(join(sandbox.state, "tasks")).sort(), readdirSync(sandbox.workspace).sort()],
        );
      },
    },
    {
      id: "network.nothing-listens",
      standsOn: ["task.create"],
      claim: "no process of the runtime listens on TCP, and the machine has no network card",
      async run() {
        for (const pid of processTree(runtime().process.pid as number)) {
          // A model that plays a script is a server of this host.
          const isModel = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("scripted-model");
          const others = listenersOf(pid).filter((one) => !isModel || !one.startsWith("127.0.0.1:"));
          assert.deepEqual(others, [], `process ${pid}`);
        }
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
      standsOn: ["task.create"],
      claim: "only root of the guest can open taskd's port, and a task does not see it",
      async run() {
        const { machines } = await client().call("diag", {});
        assert.equal(machines.length > 0, true, "no machine");
        for (const { guest } of machines) assert.deepEqual(guest.port, { uid: 0, mode: "600" });
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
        assert.match(stderr, new RegExp(`process ${runtime().process.pid}\\b`));
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
      standsOn: ["task.create"],
      claim: 'a program in plain Node can `import { connect } from "piwork"` and use the runtime',
      async run() {
        const program = `import { connect } from "piwork"; const c = await connect({ state: process.argv[1] }); console.log((await c.call("task_list", {})).length);`;
        const run = $({ cwd: REPOSITORY, quiet: true });
        const { stdout } = await run`${process.execPath} --input-type=module -e ${program} ${sandbox.state}`;
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
  ];

  /** One machine for all, or one for each open task and those that wait for the next. */
  function assertMachines({ machines, tasks }: StatusView): void {
    const of = machines.map(({ task }) => task).filter((task) => task !== null);
    const open = tasks.filter(({ state }) => isOpen(state)).map(({ id }) => id);
    assert.deepEqual(of.sort(), ISOLATION === "vm" ? open.sort() : []);
    assert.equal(machines.length - of.length <= 1, true, "more machines than one wait for a task");
    assert.equal(machines.length > 0, true, "no machine");
  }

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
