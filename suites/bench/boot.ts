import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Finding, Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import { type Section, timed } from "../../harness/bench/section.ts";
import type { Check } from "../../harness/checks/checks.ts";
import { atExit } from "../../harness/host/at-exit.ts";
import { Load } from "../../harness/host/load.ts";
import { type Acceleration, chooseAcceleration } from "../../runtime/machine/acceleration.ts";
import { BOOT_DEADLINE_MS, Machine } from "../../runtime/machine/machine.ts";
import { ALL_WALLS } from "../../runtime/machine/walls.ts";
import { findImage, type Image } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";
import { ConsolePhases } from "./console-phases.ts";
import { HostProbe } from "./host-probe.ts";

/** How long a guest's clock is compared with the host's, in milliseconds. */
const CLOCK_SPAN_MS = 3_000;
/** Looks at both clocks at each end of that span; the quickest answer says most. */
const CLOCK_LOOKS = 5;
/** A guest whose clock is further off than this cannot be told the time, in percent. */
const CLOCK_LIMIT = 1;

/** Boots machines one after the other with all cores busy. Nothing is tried again: a boot that the watchdog ends is a hang. */
export const booting: Section = {
  name: "boot",
  describe: "a machine from spawn to its first answer, all cores busy",
  samples: 50,
  async measure(bench) {
    const cache = findPlaces().cache;
    const image = findImage(cache, REPOSITORY);
    if (image === undefined) throw new Error("there is no guest image; run 'npm run setup'");
    using scratch = new Scratch();
    using probe = await HostProbe.make();
    const accelerator = await chooseAcceleration("auto", {
      image,
      cache,
      walls: ALL_WALLS,
      scratch: scratch.path,
      onProbe: () => {},
      signal: new AbortController().signal,
    });
    bench.accelerated(accelerator);
    using _load = new Load();
    const boots: Phases[] = [];
    await bench.inTurn({
      quantities: {
        answer: { describe: "from spawn to taskd's first answer, both shares proven", unit: "ms" },
        clock: { describe: `how far the guest's clock is off, over ${CLOCK_SPAN_MS / 1000} s`, unit: "%" },
      },
      target: {
        describe: "a cold boot",
        async take(round) {
          const log = join(bench.logs, `${`${round}`.padStart(3, "0")}.log`);
          const { phases, ...sample } = await bootOnce(image, accelerator, scratch.path, log);
          boots.push(phases);
          return sample;
        },
      },
      alternatives: [
        {
          describe: "no machine: the agent in plain bubblewrap on the host, to its first answer",
          where: "host",
          gives: ["answer"],
          take: async () => ({
            answer: await timed(async () => {
              await using agent = probe.startInBubblewrap();
              await agent.ask("are you there?");
            }),
          }),
        },
      ],
    });
    bench.put({
      kind: "breakdown",
      id: "boot.phases",
      describe: "what a boot is made of, by its console",
      unit: "ms",
      bars: middleBar("a boot", boots),
    });
  },
  checks: (findings): Check[] => [
    {
      id: "boot.no-hang",
      claim: "no spawn hung",
      run() {
        const hangs = valuesOf(findings(), "boot.answer").filter((value) => value === null).length;
        if (hangs > 0) throw new Error(`${hangs} did`);
      },
    },
    {
      id: "boot.clock",
      claim: `the guest's clock is within ${CLOCK_LIMIT} % of the wall`,
      run() {
        const known = valuesOf(findings(), "boot.clock").flatMap((value) => value ?? []);
        if (known.length === 0) throw new Error("no machine booted");
        const worst = Math.max(...known);
        if (worst > CLOCK_LIMIT) throw new Error(`it was ${worst.toFixed(2)} % off`);
      },
    },
  ],
};

class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "piwork-bench-"));
  readonly #forget = atExit(() => this.#remove());

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#remove();
  }
}

async function bootOnce(image: Image, { used }: Acceleration, scratch: string, consoleLog: string) {
  const places = { workspace: join(scratch, "workspace"), tasks: join(scratch, "tasks") };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  using watched = new ConsolePhases(consoleLog);
  await using machine = await Machine.boot({
    id: "bench",
    image,
    accelerator: used,
    unsafe: false,
    walls: ALL_WALLS,
    files: filesPath.forAllTasks(places),
    sockets: join(scratch, "machine"),
    consoleLog,
    observer: { event: () => {}, violation: () => {}, changed: () => {}, connection: (stream) => stream.destroy() },
    deadlineMs: BOOT_DEADLINE_MS,
    signal: new AbortController().signal,
  }).up;
  if (machine.bootMs === null) throw new Error("it runs, and does not say since when");
  const phases = watched.upTo(machine.bootMs);
  return { phases, answer: machine.bootMs, clock: Math.abs(await clockError(machine)) * 100 };
}

/** Guest's second in host's seconds, minus 1. */
async function clockError(machine: Machine): Promise<number> {
  const start = await readClocks(machine);
  await delay(CLOCK_SPAN_MS);
  const end = await readClocks(machine);
  return (end.guest - start.guest) / (end.host - start.host) - 1;
}

/** Both monotonic clocks at one moment, as near as the quickest of some answers tells. */
async function readClocks(machine: Machine): Promise<{ guest: number; host: number }> {
  let best = { guest: 0, host: 0, took: Number.POSITIVE_INFINITY };
  for (let look = 0; look < CLOCK_LOOKS; look++) {
    const before = performance.now();
    const { monotonicMs } = await machine.bridge.request("runtime_diag", {}, { deadlineMs: 30_000 });
    const took = performance.now() - before;
    if (took < best.took) best = { guest: monotonicMs, host: before + took / 2, took };
  }
  return best;
}

/** The values of a figure, a failed sample as null. */
function valuesOf(findings: readonly Finding[], id: string): (number | null)[] {
  const found = findings.find((finding) => finding.id === id);
  if (found?.kind !== "figure") throw new Error(`${id} was not measured`);
  return found.target.samples.map(({ value }) => value);
}
