import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { explainedSection } from "./document.ts";

test("docs/walls.md explains each attack that is held without any layer", () =>
  assert.equal(readFileSync(join(REPOSITORY, "docs/walls.md"), "utf8").endsWith(explainedSection()), true));

test("an attack that is held without any layer has a row", () =>
  assert.match(explainedSection({ "a.b": "Something else." }), /^\| `a\.b` \| Something else\. \|$/m));
