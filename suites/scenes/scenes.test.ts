import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readBaseline } from "../../harness/screenshots/baseline.ts";
import { wrongName } from "../../harness/screenshots/names.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { docsImage } from "./scene-check.ts";
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

test("README.md and docs/panel.md show three scenes, as they are compared", () => {
  const shown = SCENES.filter(({ inDocs }) => inDocs === true).map(({ name }) => name);
  assert.equal(shown.length, 3);
  assert.deepEqual(picturesIn("README.md", "docs/images"), ["conversation"]);
  assert.deepEqual(picturesIn("docs/panel.md", "images").toSorted(), shown.toSorted());
  for (const name of shown)
    assert.equal(readFileSync(docsImage(name)).equals(readBaseline(name) ?? Buffer.alloc(0)), true, name);
});

function picturesIn(page: string, folder: string): string[] {
  const text = readFileSync(join(REPOSITORY, page), "utf8");
  return [...text.matchAll(new RegExp(`\\]\\(${folder}/([^)]+)\\.png\\)`, "g"))].map(([, name = ""]) => name);
}
