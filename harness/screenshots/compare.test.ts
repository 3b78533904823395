import assert from "node:assert/strict";
import { test } from "node:test";
import { PNG } from "pngjs";
import { compare } from "./compare.ts";

type Colour = readonly [number, number, number];
const WHITE: Colour = [255, 255, 255];
const CARD: Colour = [28, 33, 32];

/** A page of one ground with a text-like block in it, and what else is drawn. */
function picture(
  draw: (set: (x: number, y: number, colour: Colour) => void) => void,
  ground = WHITE,
  width = 200,
): Buffer {
  const png = new PNG({ width, height: 100 });
  const set = (x: number, y: number, [r, g, b]: Colour) => png.data.set([r, g, b, 255], (y * width + x) * 4);
  for (let y = 0; y < 100; y++) for (let x = 0; x < width; x++) set(x, y, ground);
  draw(set);
  return PNG.sync.write(png);
}

const block = (set: (x: number, y: number, colour: Colour) => void) => {
  for (let y = 10; y < 20; y++) for (let x = 10; x < 60; x++) set(x, y, [90, 90, 90]);
};
const page = picture(block);
const verdictOf = (capture: Buffer, baseline = page) => compare(capture, baseline).verdict;

test("the same file is the same, and so is another file of the same pixels", () => {
  assert.equal(verdictOf(page), "same");
  const packedOtherwise = PNG.sync.write(PNG.sync.read(page), { filterType: 2 });
  assert.notDeepEqual(packedOtherwise, page);
  assert.equal(verdictOf(packedOtherwise), "same");
});

test("one pixel is a difference, counted and shown", () => {
  const found = compare(
    picture((set) => {
      block(set);
      set(150, 70, [200, 200, 200]);
    }),
    page,
  );
  assert.equal(found.verdict, "different");
  if (found.verdict !== "different") return;
  assert.deepEqual([found.differing, found.of], [1, 200 * 100]);
  const at = (70 * 200 + 150) * 4;
  assert.deepEqual([...PNG.sync.read(found.difference).data.subarray(at, at + 3)], [255, 0, 0]);
});

for (const [ground, line] of [
  [WHITE, [251, 251, 251]],
  [CARD, [32, 37, 36]],
] as const)
  test(`a line one pixel thin that is four steps from its ground (${ground}) is a difference`, () => {
    const pageOf = (lines: number) =>
      picture((set) => {
        block(set);
        for (let y = 0; y < lines; y++) for (let x = 0; x < 200; x++) set(x, 50 + y, line);
      }, ground);
    const found = compare(pageOf(1), pageOf(0));
    assert.equal(found.verdict, "different");
    assert.equal(found.verdict === "different" && found.differing, 200);
  });

test("a colour that was rounded otherwise is the same", () => {
  const rounded = picture((set) => {
    block(set);
    for (let x = 10; x < 60; x++) set(x, 15, [91, 89, 90]);
  });
  assert.equal(verdictOf(rounded), "same");
});

test("another size, a blank and a black picture are no differences but failures of their own", () => {
  assert.deepEqual(compare(picture(block, WHITE, 201), page), {
    verdict: "size",
    words: "201 × 100, where 200 × 100 was to be seen",
  });
  assert.deepEqual(
    compare(
      picture(() => {}),
      page,
    ),
    { verdict: "blank", words: "blank (nothing but #ffffff)" },
  );
  assert.deepEqual(
    compare(
      picture(() => {}, [2, 3, 4]),
      page,
    ),
    { verdict: "blank", words: "black (#020304)" },
  );
});

test("a blank picture is not the same even where the baseline is blank as well", () => {
  const blank = picture(() => {});
  assert.equal(verdictOf(blank, blank), "blank");
});
