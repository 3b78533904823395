import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { $ } from "zx";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import type { Check } from "../../../harness/checks/checks.ts";

/** What QEMU's own filter is to refuse. */
const SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
/** Time a program that was started has to leave a trace, in milliseconds: QEMU does not wait for it. */
const TRACE_MS = 2_000;

/** QEMU has a filter of its own, beside that of the layer `qemu-modes`. */
export const qemuFilter: Check<Fixtures> = {
  id: "qemu-filter.live",
  claim:
    "each machine's QEMU runs under its own filter and under Piwork's; the same words stop a QEMU that starts a program",
  async run({ target }) {
    const { machines } = await target.runtime.client.call("status", {});
    const pids = machines.flatMap(({ pid }) => pid ?? []);
    assert.notEqual(pids.length, 0, "no machine runs");
    for (const pid of pids) {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      assert.equal(words[words.indexOf("-sandbox") + 1], SANDBOX);
      assert.match(readFileSync(`/proc/${pid}/status`, "utf8"), /^NoNewPrivs:\t1$/m);
      // Each of its threads: a filter belongs to a thread.
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const [, mode, filters] =
          /^Seccomp:\t(\d)\nSeccomp_filters:\t(\d+)$/m.exec(
            readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8"),
          ) ?? [];
        assert.equal(mode, "2", `thread ${thread} has no filter`);
        assert.equal(Number(filters) >= 2, true, `thread ${thread} has ${filters} filters`);
      }
    }
    const stopped = await startsProgram(SANDBOX);
    // QEMU 7 is killed for it, QEMU 10 is told that it cannot.
    assert.equal(stopped.started, false, "a QEMU under its filter started a program");
    const free = await startsProgram(SANDBOX.replace("spawn=deny", "spawn=allow"));
    assert.equal(free.started, true, "without the filter no program is started either");
    return { pids, stopped, free };
  },
};

/** Has a QEMU without a machine start a program, as its migration to a command does. */
async function startsProgram(sandbox: string): Promise<{ started: boolean; signal: string | null }> {
  const directory = mkdtempSync(join(tmpdir(), "piwork-filter-"));
  try {
    const ask = (execute: string, given = {}) => `${JSON.stringify({ execute, arguments: given })}\n`;
    const qemu = $({
      input: ask("qmp_capabilities") + ask("migrate", { uri: `exec:cat >${directory}/started` }) + ask("quit"),
      nothrow: true,
      quiet: true,
      timeout: 30_000,
    })`exec qemu-system-x86_64 -M none -nodefaults -no-user-config -display none -sandbox ${sandbox} -qmp stdio`;
    const { signal } = await qemu;
    const hasStarted = () => readdirSync(directory).includes("started");
    for (const end = performance.now() + TRACE_MS; !hasStarted() && performance.now() < end; ) await delay(20);
    return { started: hasStarted(), signal };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
