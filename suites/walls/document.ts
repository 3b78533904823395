import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { EXPLAINED } from "../negative/layers.ts";

const DOCUMENT = "docs/walls.md";

/** What no layer around a task holds although all of them are there for it, as a section of the document. */
export function explainedSection(explained = EXPLAINED): string {
  const rows = Object.entries(explained).map(([id, why]) => `| \`${id}\` | ${why} |`);
  return `
## What else holds
\`npx mise run test-negative --without all\` leaves out every layer around tasks, in \`vm\` as with \`--isolation shared\`, and tries the
attacks that these are there for. Each must get through, in one machine with its victim${rows.length === 0 ? "; none is excepted." : ", except:"}
${rows.length === 0 ? "" : `\n| attack | what holds it without any layer |\n| --- | --- |\n${rows.join("\n")}\n`}
Other attacks say in their tables what holds them (\`held\` in [attack.ts](../harness/attacks/attack.ts)): a layer around the machine;
that their victim is in another machine (\`root-across.*\`); what bubblewrap does whatever it is told; the machine's kernel and files.
`;
}

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
${explainedSection()}`,
  );
}
