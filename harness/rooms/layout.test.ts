import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLayout } from "./layout.ts";

const PAGE = `# Layout

\`\`\`
runtime/     host side
  protocol/    schemas
  index.mjs    the entry
suites/      programs
  *.ts         all of them
\`\`\`

| files of | import from elsewhere only |
| --- | --- |
| \`runtime/\` | |
| \`suites/\` | \`runtime/\` \`guest/image/\` |

The exceptions:

| files of | lead to | because |
| --- | --- | --- |
| \`suites/a.ts\` | \`runtime/x.mjs\` | it starts it |
`;

test("rooms, imports and paths are read from the page", () => {
  assert.deepEqual(parseLayout(PAGE), {
    rooms: ["runtime/protocol/", "runtime/index.mjs", "suites/*.ts"],
    imports: [
      { prefix: "runtime/", allowed: [] },
      { prefix: "suites/", allowed: ["runtime/", "guest/image/"] },
    ],
    paths: [{ prefix: "suites/a.ts", to: "runtime/x.mjs" }],
  });
});
