import { setTimeout as delay } from "node:timers/promises";
import type { Section } from "../../harness/bench/section.ts";
import { HostProbe } from "./host-probe.ts";
import { memoryOf, spentMs } from "./processes.ts";
import { BenchRuntime } from "./runtime.ts";

/** How long processor time is counted for, in milliseconds. */
const IDLE_MS = 10_000;
/** What a task costs while nobody asks anything of it. */
export const idling: Section = {
  name: "memory",
  describe: "a machine with one open task that has nothing to do",
  samples: 3,
  async measure(bench) {
    await using runtime = await BenchRuntime.start(bench);
    await runtime.createTask("idle");
    using probe = await HostProbe.make();
    await using plain = probe.startPlain();
    await plain.ask("are you there?");
    const qemu = await runtime.running.qemuPid();
    await bench.inTurn({
      quantities: {
        resident: { describe: "resident memory", unit: "MB" },
        proportional: { describe: "proportional memory: what is shared counts by parts", unit: "MB" },
        idle: { describe: `processor time over ${IDLE_MS / 1000} s, of a core`, unit: "%" },
      },
      target: { describe: "QEMU with one idle task", take: () => look(qemu) },
      alternatives: [
        { describe: "the same agent as a plain process of the host", where: "host", take: () => look(plain.pid) },
      ],
    });
  },
};

async function look(pid: number) {
  const [before, started] = [spentMs(pid), performance.now()];
  await delay(IDLE_MS);
  const idle = ((spentMs(pid) - before) / (performance.now() - started)) * 100;
  return { idle, ...memoryOf(pid) };
}
