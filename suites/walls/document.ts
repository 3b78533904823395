import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../runtime/state/places.ts";

const DOCUMENT = "docs/walls.md";

/** Writes which layers hold, as rows of its two tables. */
export function writeDocument(taskRows: readonly string[], machineRows: readonly string[]): void {
  writeFileSync(
    join(REPOSITORY, DOCUMENT),
    `# What each layer of the walls holds

Written by \`npx mise run test-walls\`, which leaves one layer out, in a machine that is there to be attacked, and tries the attacks
the layer is there for (\`suites/negative/layers.ts\`); others may get through as well. "Nothing" would mean that none of these did.
\`npx mise run test-negative --without LAYER\` tries all attacks.

## Around a task, in its machine
| layer | what it takes from a task | what gets through without it |
| --- | --- | --- |
${taskRows.join("\n")}

## Around a machine, on the host
| layer | what it takes from whoever has taken over QEMU | what gets through without it |
| --- | --- | --- |
${machineRows.join("\n")}
`,
  );
}
