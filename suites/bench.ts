import { type Check, conclude, Run, type Tally } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { type BootFigures, benchBoot } from "./bench/boot.ts";

const SPAWNS = 50;
/** A guest whose clock is further off than this cannot be told the time. */
const CLOCK_LIMIT = 0.01;

/** Measures how machines boot, and prints the figures. */
export async function bench(spawns = SPAWNS): Promise<Tally> {
  const run = new Run("bench");
  const figures = await benchBoot(run, spawns);
  const checks = bounds(figures);
  await run.perform(checks);
  const { bootMs, hangs, spawned, worstClockError, accelerator } = figures;
  const seconds = (milliseconds: number | undefined) =>
    milliseconds === undefined ? "-" : `${(milliseconds / 1000).toFixed(2)} s`;
  console.log(`
boot (${accelerator.used}), all cores busy
  spawned  ${spawned}
  hangs    ${hangs}
  p50      ${seconds(bootMs?.p50)}
  p95      ${seconds(bootMs?.p95)}
  max      ${seconds(bootMs?.max)}
  clock    at worst ${worstClockError === null ? "-" : (worstClockError * 100).toFixed(2)} % off
  serial logs and samples: ${run.directory}`);
  return run.finish(checks.map(({ id }) => id));
}

function bounds({ hangs, worstClockError }: BootFigures): Check[] {
  return [
    {
      id: "boot.no-hang",
      claim: "no spawn hung",
      run() {
        if (hangs > 0) throw new Error(`${hangs} did`);
      },
    },
    {
      id: "boot.clock",
      claim: `the guest's clock is within ${CLOCK_LIMIT * 100} % of the wall`,
      run() {
        if (worstClockError === null) throw new Error("no machine booted");
        if (worstClockError > CLOCK_LIMIT) throw new Error(`it was ${worstClockError * 100} % off`);
      },
    },
  ];
}

if (import.meta.filename === process.argv[1]) {
  const [section, count = `${SPAWNS}`] = process.argv.slice(2);
  if (section !== "boot" || !/^[1-9]\d{0,3}$/.test(count)) {
    console.error("usage: mise run bench boot [samples]");
    process.exit(2);
  }
  await buildImage();
  conclude(await bench(Number(count)));
}
