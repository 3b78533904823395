import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { $, type ProcessPromise } from "zx";
import type { Check } from "../../harness/checks/checks.ts";
import { processStatus, qemusWithSocketsIn } from "../../harness/host/processes.ts";
import { waitFor, waitForEnd } from "../../harness/host/wait-for.ts";
import { ISOLATION, PIWORK, piwork, type Sandbox } from "../../harness/runtimes/piwork.ts";
import type { StatusView } from "../../runtime/api/status.ts";
import { probeAccelerator } from "../../runtime/machine/acceleration.ts";
import { BOOT_DEADLINE_MS, type BootOptions, Machine } from "../../runtime/machine/machine.ts";
import { ALL_WALLS } from "../../runtime/machine/walls.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { findImage, type Image } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";

/** Machines that must not be believed: broken, hanging, unwalled, or with another folder than they should have. */
export function machineRefusals(sandbox: Sandbox): Check[] {
  const scratch = join(sandbox.directory, "machines");
  const sockets = join(scratch, "sockets");
  const consoleLog = join(sandbox.logs, "machine-refusals.log");
  const places = { workspace: join(scratch, "workspace"), tasks: join(scratch, "tasks") };

  const image = (): Image => {
    const found = findImage(findPlaces().cache, REPOSITORY);
    if (found === undefined) assert.fail("there is no image");
    return found;
  };

  function boot(options: Partial<BootOptions>): Promise<Machine> {
    for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
    return Machine.boot({
      id: "refused",
      image: image(),
      accelerator: "tcg",
      unsafe: false,
      walls: ALL_WALLS,
      files: filesPath.forAllTasks(places),
      sockets,
      consoleLog,
      observer: { event: () => {}, violation: () => {}, changed: () => {}, connection: (stream) => stream.destroy() },
      deadlineMs: BOOT_DEADLINE_MS,
      signal: new AbortController().signal,
      ...options,
    }).up;
  }

  const qemus = () => qemusWithSocketsIn(scratch);

  /** QEMU, once its walls stand. */
  const qemu = () =>
    waitFor("QEMU behind its walls", 20_000, () =>
      existsSync(join(sockets, "qmp.sock")) ? qemus().find(isQemu) : undefined,
    );

  /** Where another user than the suite's has its sockets. */
  const environment = (state: string) => ({ XDG_RUNTIME_DIR: `${state}-run` });

  /** `piwork up` on a host that forbids user namespaces, as the user that these words of `unshare` make of this one. */
  function up(state: string, words: string[], user: string[]): ProcessPromise {
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all -- "$@"';
    const isolation = words.includes("--isolation") ? [] : ["--isolation", ISOLATION];
    const up = ["up", "--headless", "--accel", "tcg", ...isolation, ...words];
    const own = ["--state", state, "--logs", `${state}-logs`, ...up];
    const program = ["sh", "-c", forbid, "sh", process.execPath, PIWORK, ...own];
    return $({
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...environment(state) },
      nothrow: true,
      quiet: true,
    })`exec unshare --user --keep-caps ${user} ${program}`;
  }

  /** The reason of a boot that has to fail, with nothing left of it. */
  async function refused(booting: Promise<Machine>): Promise<string> {
    const outcome = await booting.then(
      async (machine) => {
        await machine.stop();
        return undefined;
      },
      (error: { code: string; message: string }) => error,
    );
    assert.equal(outcome?.code, "TASK_BOOTSTRAP_FAILED", "the machine was accepted");
    assert.deepEqual(qemus(), [], "QEMU was left");
    assert.equal(existsSync(sockets), false, "its sockets were left");
    return outcome.message;
  }

  return [
    {
      id: "acceleration.probe-can-succeed",
      claim: "the probe that asks KVM says yes to an accelerator that works: software emulation",
      async run() {
        mkdirSync(scratch, { recursive: true });
        const signal = new AbortController().signal;
        const options = { image: image(), walls: ALL_WALLS, cache: scratch, scratch, onProbe: () => {}, signal };
        // Emulated, and on a busy machine, a boot takes longer than KVM may.
        assert.deepEqual(await probeAccelerator("tcg", { ...options, deadlineMs: 300_000 }), {
          works: true,
          why: "a kernel booted with tcg on this host",
        });
      },
    },
    {
      id: "machine.broken-image",
      claim: "a machine that cannot start is refused with the last thing on its console",
      async run() {
        const broken = join(scratch, "broken-image");
        cpSync(image().dir, broken, { recursive: true });
        const initramfs = join(broken, "initramfs.cpio");
        const { size } = statSync(initramfs);
        truncateSync(initramfs, 0);
        truncateSync(initramfs, size);
        assert.match(await refused(boot({ image: { ...image(), dir: broken } })), /console was: .*(panic|VFS|init)/i);
      },
    },
    {
      id: "machine.hangs",
      claim: "a machine that never answers is ended by the watchdog, which names the last thing it said",
      async run() {
        const booting = boot({ deadlineMs: 6_000 });
        booting.catch(() => {});
        process.kill(await qemu(), "SIGSTOP");
        assert.match(await refused(booting), /did not answer within 6 s; the last thing on its console was: ./);
      },
    },
    {
      id: "machine.other-folder",
      claim: "a machine whose share is not the folder of that name is refused",
      async run() {
        const booting = boot({});
        booting.catch(() => {});
        await qemu();
        renameSync(places.workspace, join(scratch, "moved"));
        mkdirSync(places.workspace);
        assert.match(await refused(booting), /cannot read and write|not the directory it should be/);
      },
    },
    {
      id: "machine.good-twin",
      claim: "the same boot without a fault is accepted",
      async run() {
        await using machine = await boot({});
        assert.equal(machine.state, "running");
      },
    },
    {
      id: "machine.no-walls",
      claim: "where the host forbids user namespaces, no machine is started and the reason is said",
      async run() {
        const running = up(join(scratch, "no-walls"), [], ["--map-root-user"]);
        const { exitCode, stderr } = await running;
        assert.equal(exitCode, 1, stderr);
        assert.match(stderr, /walls around QEMU could not be built, so no machine was started \(bwrap: /);
        assert.match(stderr, /--unconfined-qemu/);
        await waitForEnd(running.pid as number, "piwork up");
      },
    },
    {
      id: "machine.unconfined-root",
      claim: "--unconfined-qemu is refused to root",
      async run() {
        const words = ["--unconfined-qemu"];
        const { exitCode, stderr } = await up(join(scratch, "unconfined-root"), words, ["--map-root-user"]);
        assert.deepEqual([exitCode, /Run it as an ordinary user/.test(stderr)], [1, true], stderr);
      },
    },
    {
      id: "machine.no-view",
      claim: "there, a machine for each task is refused to an ordinary user, who is told what does without",
      async run() {
        const ordinary = ["--map-user=1000", "--map-group=1000"];
        const running = up(join(scratch, "no-view"), ["--isolation", "vm", "--unconfined-qemu"], ordinary);
        const { exitCode, stderr } = await running;
        assert.deepEqual([exitCode, /--isolation shared/.test(stderr)], [1, true], stderr);
        await waitForEnd(running.pid as number, "piwork up");
      },
    },
    {
      id: "machine.unconfined",
      claim:
        "there, --unconfined-qemu boots a machine for an ordinary user, status says what is given up, and a kill -9 of the runtime leaves no QEMU",
      async run() {
        const state = join(scratch, "unconfined");
        const { child } = up(
          state,
          ["--isolation", "shared", "--unconfined-qemu"],
          ["--map-user=1000", "--map-group=1000"],
        );
        try {
          const status = await waitFor("an unconfined machine", BOOT_DEADLINE_MS, async () => {
            assert.equal(child?.exitCode, null, "piwork up ended");
            const { code, stdout } = await piwork(["--state", state, "status", "--json"], { env: environment(state) });
            const found = code === 0 ? (JSON.parse(stdout) as StatusView) : undefined;
            return found?.starting === null ? found : undefined;
          });
          assert.match(status.warnings.join("\n"), /UNCONFINED QEMU/);
          const pid = status.machines[0]?.pid as number;
          assert.equal(isQemu(pid), true);
          assert.equal(Number(processStatus(pid)["PPid"]), status.pid);
          assert.match(readFileSync(`/proc/${pid}/limits`, "utf8"), new RegExp(`Max file size +${LIMITS.fileBytes} `));
          process.kill(status.pid, "SIGKILL");
          await waitForEnd(pid, "QEMU");
        } finally {
          child?.kill("SIGKILL");
        }
      },
    },
  ];
}

function isQemu(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("/usr/bin/qemu-system");
  } catch {
    return false; // ended meanwhile
  }
}
