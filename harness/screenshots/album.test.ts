import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PNG } from "pngjs";
import { screenshots } from "../../runtime/api/screenshots.ts";
import { Album } from "./album.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-album-"));
test.after(() => rmSync(base, { recursive: true }));

const DRAWN_WITH = { browser: "Chromium 1.2.3", fonts: ["Sans.ttf sha256:aa"] };
let runs = 0;

/** A run with places of its own. `baseline` is what was accepted for "scene". */
function openAlbum({ baseline, accepts = false }: { baseline?: Buffer; accepts?: boolean }) {
  const root = join(base, String(++runs));
  const [directory, shown, baselines] = ["run", "shown", "baselines"].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(directory, { recursive: true });
  if (baseline !== undefined) writeBaseline("scene", baseline, baselines);
  const album = new Album({ directory, shown, baselines, drawnWith: DRAWN_WITH, accepts });
  const written = () => screenshots.parse(JSON.parse(readFileSync(join(directory, "screenshots.json"), "utf8")));
  return { album, directory, shown, baselines, written };
}

/** A picture of stripes, with so many points on it. */
function picture(points = 0, width = 40): Buffer {
  const png = new PNG({ width, height: 20 });
  for (let at = 0; at < width * 20; at++) png.data.fill(at % 2 === 0 ? 255 : 120, at * 4, at * 4 + 3);
  for (let at = 0; at < width * 20; at++) png.data[at * 4 + 3] = 255;
  for (let at = 0; at < points; at++) png.data[at * 8] = 0;
  return PNG.sync.write(png);
}

const MASKS = [{ selector: "[data-figure]", share: 0.01 }];
const add = ({ album }: { album: Album }, png: Buffer) => album.add("scene", { png, masks: MASKS });

test("what is as it was accepted is the same, and all of it lies in the run", () => {
  const run = openAlbum({ baseline: picture() });
  assert.equal(add(run, picture()).verdict, "same");
  assert.deepEqual(run.written(), {
    schema: 1,
    ...DRAWN_WITH,
    screenshots: [
      {
        scene: "scene",
        capture: "scene.png",
        baseline: "scene.baseline.png",
        difference: null,
        width: 40,
        height: 20,
        verdict: "same",
        differing: 0,
        threshold: 0.01,
        masks: MASKS,
      },
    ],
  });
  assert.deepEqual(readFileSync(join(run.directory, "scene.png")), picture());
  assert.deepEqual(readFileSync(join(run.directory, "scene.baseline.png")), picture());
  assert.deepEqual(readdirSync(run.shown), ["scene.png"]);
});

test("what differs is counted, shown in words and as a picture, which the next run removes", () => {
  const run = openAlbum({ baseline: picture() });
  const judged = add(run, picture(3));
  assert.deepEqual([judged.verdict, judged.differing], ["different", 3]);
  assert.match(judged.words, /^3 of 800 pixels \(0\.375 %\).*--update/);
  assert.equal(run.written().screenshots[0]?.difference, "scene.diff.png");
  assert.deepEqual(readdirSync(run.shown).sort(), ["scene.diff.png", "scene.png"]);
  assert.equal(existsSync(join(run.directory, "scene.diff.png")), true, "the run has no picture of it");
  add(run, picture());
  assert.deepEqual(readdirSync(run.shown), ["scene.png"]);
});

test("another size is told with both sizes", () => {
  const judged = add(openAlbum({ baseline: picture(0, 41) }), picture());
  assert.equal(judged.verdict, "size");
  assert.match(judged.words, /40 × 20, where 41 × 20/);
});

test("a scene without a baseline has that as its verdict", () => {
  const run = openAlbum({});
  assert.equal(add(run, picture()).verdict, "no baseline");
  assert.equal(run.written().screenshots[0]?.baseline, null);
});

test("what is accepted is the baseline from then on", () => {
  for (const baseline of [undefined, picture(5), picture(0, 41)]) {
    const run = openAlbum({ accepts: true, ...(baseline && { baseline }) });
    assert.equal(add(run, picture()).verdict, "accepted");
    assert.deepEqual(readBaseline("scene", run.baselines), picture());
    assert.equal(add(run, picture()).verdict, "same");
  }
});

test("nothing is never accepted", () => {
  const png = new PNG({ width: 40, height: 20 });
  png.data.fill(255);
  const run = openAlbum({ accepts: true });
  const judged = add(run, PNG.sync.write(png));
  assert.equal(judged.verdict, "blank");
  assert.match(judged.words, /#ffffff/);
  assert.equal(readBaseline("scene", run.baselines), undefined);
});
