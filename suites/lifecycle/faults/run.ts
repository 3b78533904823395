import { join } from "node:path";
import { Run, type Tally } from "../../../harness/checks/checks.ts";
import { table } from "../../../runtime/cli/table.ts";
import { asCheck, checkId, type Row } from "./table.ts";
import { Testbed } from "./testbed.ts";

/** Runtimes that rows run in at the same time; frozen ones only wait. */
const TESTBEDS = 4;

/** The command that runs the check of one row alone. */
export function aloneCommand(id: string): string {
  return `npx mise run test-faults ${id.slice("fault.".length)}`;
}

/** Does something bad to a running runtime at each moment of a task's life, and looks at what becomes of it. */
export async function faults(rows: Row[], command = "npx mise run test-lifecycle faults"): Promise<Tally> {
  const run = new Run("faults", { command, repeat: aloneCommand });
  run.expect(rows.map((row) => ({ id: checkId(row) })));
  const queue = [...rows];
  const work = async (name: string) => {
    let testbed: Testbed | undefined;
    try {
      for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
        testbed ??= await Testbed.open(join(run.directory, name));
        const current = testbed;
        await run.perform([asCheck(row, () => current)]);
        if (row.recovered !== undefined) continue;
        // A row that failed may have left anything behind.
        await testbed[Symbol.asyncDispose]();
        testbed = undefined;
      }
    } finally {
      await testbed?.[Symbol.asyncDispose]();
    }
  };
  await Promise.all(Array.from({ length: Math.min(TESTBEDS, rows.length) }, (_, at) => work(`testbed-${at + 1}`)));
  summarize(rows);
  return run.finish();
}

/** How many rows of each fault ran, and what was recovered how often. */
function summarize(rows: readonly Row[]): void {
  const lines = [...new Set(rows.map((row) => row.fault))].map((fault) => {
    const ran = rows.filter((row) => row.fault === fault);
    const counts = new Map<string, number>();
    for (const { recovered } of ran)
      if (recovered !== undefined) counts.set(recovered, (counts.get(recovered) ?? 0) + 1);
    const words = [...counts].map(([recovered, count]) => `${count} × ${recovered}`).join("; ");
    return [fault.id, `${ran.length}`, words];
  });
  console.log(`\n${table([["fault", "ran", "recovered"], ...lines], "lrl")}`);
}
