import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { referencesOf } from "./references.ts";

const SOURCE = `
import { readFileSync } from "node:fs";
import { a } from "./a.ts";
import type { B } from "../state/b.ts";
export * from "../state/c.ts";
export { d } from "../state/d.ts";
type E = import("../state/e.ts").E;
const f = await import("../state/f.ts");
const g = await tsImport("../state/g.ts", import.meta.url);
const paths = [
  "../state/b.ts",
  new URL("../../guest/image/main.ts", import.meta.url),
  join(REPOSITORY, "guest/taskd/main.ts"),
  join(REPOSITORY, "guest", "image"),
  join(import.meta.dirname, "..", "state", "places.ts"),
  \`\${REPOSITORY}/harness/rooms/x.ts\`,
];
const others = ["guest", join(task, "guest", "outputs"), "../secret", "runtime/no/such.ts", "see guest/image/main.ts"];
`;

test("imports of every kind are found, and strings that lead to files there are", (t) => {
  const repository = mkdtempSync(join(tmpdir(), "piwork-references-"));
  t.after(() => rmSync(repository, { recursive: true }));
  const write = (file: string, text = "") => {
    mkdirSync(join(repository, dirname(file)), { recursive: true });
    writeFileSync(join(repository, file), text);
  };
  write("runtime/cli/x.ts", SOURCE);
  for (const file of ["guest/image/main.ts", "guest/taskd/main.ts", "runtime/state/places.ts", "harness/rooms/x.ts"])
    write(file);
  const found = referencesOf(repository, "runtime/cli/x.ts");
  const by = (kind: string) => found.filter(({ by }) => by === kind).map(({ to }) => to);
  assert.deepEqual(by("import").toSorted(), [
    "runtime/cli/a.ts",
    ...["b", "c", "d", "e", "f", "g"].map((name) => `runtime/state/${name}.ts`),
  ]);
  assert.deepEqual(by("path").toSorted(), [
    ...["guest/image", "guest/image/main.ts", "guest/taskd/main.ts"],
    ...["harness/rooms/x.ts", "runtime/state/places.ts"],
  ]);
});
