import { type Check, conclude, Run } from "../harness/checks.ts";
import { buildImage } from "../harness/image.ts";
import { type BootFigures, benchBoot } from "./bench/boot.ts";

const SPAWNS = 50;
/** A guest whose clock is further off than this cannot be told the time. */
const CLOCK_LIMIT = 0.01;

const [section, count] = process.argv.slice(2);
if (section !== "boot") {
  console.error("usage: bench boot [SPAWNS]");
  process.exit(2);
}

await buildImage();
const run = new Run("bench");
const figures = await benchBoot(run, count === undefined ? SPAWNS : Number(count));
const checks = boundaries(figures);
await run.perform(checks);
const { bootMs, hangs, spawned, worstClockError, accelerator } = figures;
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
console.log(`
boot (${accelerator.used}), all cores busy
  spawned  ${spawned}
  hangs    ${hangs}
  p50      ${seconds(bootMs.p50)}
  p95      ${seconds(bootMs.p95)}
  max      ${seconds(bootMs.max)}
  clock    at worst ${(worstClockError * 100).toFixed(2)} % off
  serial logs, samples: ${run.directory}`);
conclude(run.finish(checks.map(({ id }) => id)));

function boundaries({ hangs, worstClockError }: BootFigures): Check[] {
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
        if (!(worstClockError <= CLOCK_LIMIT)) throw new Error(`it was ${worstClockError * 100} % off`);
      },
    },
  ];
}
