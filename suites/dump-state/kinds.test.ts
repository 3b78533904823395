import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CONTRADICTIONS } from "../../runtime/api/contradiction.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";

const kinds = Object.keys(CONTRADICTIONS).sort();

test("docs/evidence.md explains each kind of contradiction, and no other", () => {
  const document = readFileSync(join(REPOSITORY, "docs/evidence.md"), "utf8");
  const [, table = ""] = document.split("### Kinds\n");
  const rows = [...(table.split("\n\n")[0] ?? "").matchAll(/^\| `([a-z-]+)` \|/gm)];
  assert.deepEqual(rows.map(([, kind]) => kind).sort(), kinds);
});

test("each kind is put in on purpose by the suite", () => {
  const faults = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith("-faults.ts"))
    .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
    .join("\n");
  // As the kind of a fault, or as what one names besides.
  const named = new Set([...faults.matchAll(/(?:kind: "|`)([a-z-]+)[" ]/g)].map(([, kind]) => kind));
  assert.deepEqual(
    kinds.filter((kind) => !named.has(kind)),
    [],
  );
});
