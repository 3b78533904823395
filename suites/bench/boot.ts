import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Run } from "../../harness/checks.ts";
import { Load } from "../../harness/load.ts";
import { type Summary, summarize } from "../../harness/statistics.ts";
import { type Acceleration, chooseAcceleration } from "../../runtime/machine/acceleration.ts";
import { BOOT_DEADLINE_MS, Machine } from "../../runtime/machine/machine.ts";
import { ALL_WALLS } from "../../runtime/machine/walls.ts";
import { findPlaces, REPOSITORY } from "../../runtime/places.ts";
import { findImage, type Image } from "../../runtime/protocol/image.ts";

/** How long a guest's clock is compared with the host's, in milliseconds. */
const CLOCK_SPAN_MS = 3_000;
/** Looks at both clocks at each end of that span; the quickest answer says most. */
const CLOCK_LOOKS = 5;

interface Sample {
  /** milliseconds from spawn to the first answer, shares proven; null for a hang */
  bootMs: number | null;
  /** guest's second in host's seconds, minus 1 */
  clockError: number | null;
  /** load average of one minute when it started */
  load: number;
  failure?: string;
}

export interface BootFigures {
  accelerator: Acceleration;
  spawned: number;
  hangs: number;
  /** null where no machine booted */
  bootMs: Summary | null;
  worstClockError: number | null;
  samples: Sample[];
}

/** Boots machines one after the other with all cores busy. Nothing is tried again: a boot that the watchdog ends is a hang. */
export async function benchBoot(run: Run, count: number): Promise<BootFigures> {
  const cache = findPlaces().cache;
  const image = findImage(cache, REPOSITORY);
  if (image === undefined) throw new Error("there is no guest image; run 'npm run setup'");
  const scratch = mkdtempSync(join(tmpdir(), "piwork-bench-"));
  mkdirSync(join(run.directory, "serial"));
  try {
    const signal = new AbortController().signal;
    const accelerator = await chooseAcceleration("auto", {
      image,
      walls: ALL_WALLS,
      cache,
      scratch,
      onProbe: () => {},
      signal,
    });
    using load = new Load();
    console.log(`boot: ${count} spawns with ${load.cores} cores busy, ${accelerator.used} (${accelerator.reason})`);
    const samples: Sample[] = [];
    for (let at = 1; at <= count; at++) {
      const sample = await bootOnce(
        image,
        accelerator,
        scratch,
        join(run.directory, "serial", `${String(at).padStart(3, "0")}.log`),
      );
      samples.push(sample);
      console.log(describe(at, count, sample));
    }
    const booted = samples.flatMap(({ bootMs }) => bootMs ?? []);
    const clockErrors = samples.flatMap(({ clockError }) => (clockError === null ? [] : Math.abs(clockError)));
    const figures: BootFigures = {
      accelerator,
      spawned: samples.length,
      hangs: samples.length - booted.length,
      bootMs: booted.length === 0 ? null : summarize(booted),
      worstClockError: clockErrors.length === 0 ? null : Math.max(...clockErrors),
      samples,
    };
    writeFileSync(join(run.directory, "bench.json"), `${JSON.stringify({ schema: 1, boot: figures }, null, 2)}\n`);
    return figures;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function bootOnce(image: Image, { used }: Acceleration, scratch: string, consoleLog: string): Promise<Sample> {
  const load = loadavg()[0] ?? 0;
  for (const name of ["workspace", "tasks"]) mkdirSync(join(scratch, name), { recursive: true });
  try {
    await using machine = await Machine.boot({
      id: "bench",
      image,
      accelerator: used,
      unsafe: false,
      walls: ALL_WALLS,
      shares: [
        { tag: "workspace", path: join(scratch, "workspace") },
        { tag: "tasks", path: join(scratch, "tasks") },
      ],
      sockets: join(scratch, "machine"),
      consoleLog,
      observer: { event: () => {}, violation: () => {}, changed: () => {} },
      deadlineMs: BOOT_DEADLINE_MS,
      signal: new AbortController().signal,
    }).up;
    return { bootMs: machine.bootMs, clockError: await clockError(machine), load };
  } catch (error) {
    return { bootMs: null, clockError: null, load, failure: (error as Error).message };
  }
}

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

function describe(at: number, count: number, { bootMs, clockError, failure }: Sample): string {
  const place = `${String(at).padStart(String(count).length)}/${count}`;
  if (bootMs === null) return `${place}  HANG  ${failure}`;
  return `${place}  ${(bootMs / 1000).toFixed(2)} s  clock ${((clockError ?? 0) * 100).toFixed(2)} %`;
}
