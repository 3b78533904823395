import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readBaseline } from "../../harness/screenshots/baseline.ts";
import { wrongName } from "../../harness/screenshots/names.ts";
import { REPOSITORY } from "../../runtime/places.ts";
import { readmeImage } from "./scene-check.ts";
import { SCENES } from "./scenes.ts";

test("every scene has a name of its own, and a baseline", () => {
  assert.equal(new Set(SCENES.map(({ name }) => name)).size, SCENES.length);
  for (const { name } of SCENES) {
    assert.equal(wrongName(name), undefined);
    assert.notEqual(readBaseline(name), undefined, `${name} was never accepted`);
  }
});

test("a world is built once: its scenes stand beside each other", () => {
  const worlds = SCENES.map(({ world }) => world);
  const changes = worlds.filter((world, at) => world !== worlds[at - 1]).length;
  assert.equal(changes, new Set(worlds).size);
});

test("the README shows three scenes, as they are compared", () => {
  const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
  const shown = SCENES.filter(({ inReadme }) => inReadme === true).map(({ name }) => name);
  const linked = [...readme.matchAll(/\]\(docs\/images\/([^)]+)\.png\)/g)].map(([, name]) => name);
  assert.deepEqual(linked.toSorted(), shown.toSorted());
  assert.equal(shown.length, 3);
  for (const name of shown)
    assert.equal(readFileSync(readmeImage(name)).equals(readBaseline(name) ?? Buffer.alloc(0)), true, name);
});
