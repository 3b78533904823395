import { conclude } from "../harness/checks/checks.ts";
import { prepareMachines, UNSAFE } from "../harness/machines/prepare.ts";
import { faults } from "./lifecycle/faults/run.ts";
import { allRows, rowId } from "./lifecycle/faults/table.ts";

/** `faults.ts [FILTER]`: all rows, or those whose name contains the filter. */
const filter = process.argv[2] ?? "";
await prepareMachines(UNSAFE);
conclude(
  await faults(
    allRows().filter((row) => rowId(row).includes(filter)),
    `npx mise run test-faults ${filter}`,
  ),
);
