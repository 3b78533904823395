import assert from "node:assert/strict";
import { test } from "node:test";
import { PNG } from "pngjs";
import { screenshot } from "../api/screenshots.ts";
import { assertPicture } from "./pictures.ts";

function paint(red: number, width = 8): Buffer {
  const picture = new PNG({ width, height: 8 });
  picture.data.fill(255);
  // Apart from each other: what touches may be taken for a smoothed edge.
  for (let at = 0; at < red; at++) picture.data.set([255, 0, 0, 255], 4 * (at * 18));
  return PNG.sync.write(picture);
}

/** A header that promises more than anybody has. */
function huge(): Buffer {
  const content = Buffer.from(paint(0));
  content.writeUInt32BE(1_000_000, 16);
  content.writeUInt32BE(1_000_000, 20);
  return content;
}

function interlaced(): Buffer {
  const content = Buffer.from(paint(0));
  content[28] = 1;
  return content;
}

/** A header that is believed, and behind it one that is obeyed. */
function twice(): Buffer {
  const content = paint(0, 16);
  const header = paint(0).subarray(8, 33);
  return Buffer.concat([content.subarray(0, 8), header, content.subarray(8)]);
}

const files: Record<string, Buffer> = {
  "white.png": paint(0),
  "red.png": paint(2),
  "wide.png": paint(0, 16),
  "huge.png": huge(),
  "interlaced.png": interlaced(),
  "twice.png": twice(),
  "text.png": Buffer.from("no picture, whatever it is called"),
  "cut.png": paint(0).subarray(0, 40),
};

const same = {
  scene: "any",
  capture: "white.png",
  baseline: "white.png",
  difference: null,
  width: 8,
  height: 8,
  verdict: "same",
  differing: 0,
  threshold: 0,
  masks: [],
};
const mask = (share: number) => ({ selector: "any", share });
const look = (change: object) => assertPicture(screenshot.parse({ ...same, ...change }), (name) => files[name]);

test("what is said to be so and is so", () => {
  look({});
  look({ threshold: 0.01, masks: [mask(0.02)] });
  look({ capture: "red.png", verdict: "different", differing: 2 });
  look({ capture: "red.png", verdict: "accepted", differing: 2 });
  look({ capture: "wide.png", width: 16, verdict: "size", differing: null });
  look({ baseline: null, verdict: "no baseline", differing: null });
});

test("what is said to be so and is not", () => {
  for (const [change, says] of [
    [{ capture: "red.png" }, /2 pixels differ, not 0/],
    [{ verdict: "different", differing: 1 }, /0 pixels differ, not 1/],
    [{ differing: null }, /called 'same' with no pixels/],
    [{ differing: 5 }, /called 'same' with 5 pixels/],
    [{ verdict: "different", differing: 0 }, /called 'different' with 0/],
    [{ verdict: "blank" }, /called 'blank' with 0/],
    [{ baseline: null }, /differs from nothing/],
    [{ verdict: "no baseline", differing: null }, /has a baseline/],
    [{ width: 16 }, /it is 8x8, not 16x8/],
    [{ baseline: "wide.png" }, /another size/],
    [{ capture: "absent.png" }, /absent\.png is not there/],
    [{ difference: "absent.png" }, /absent\.png is not there/],
    [{ capture: "text.png" }, /text\.png is no PNG/],
    [{ capture: "cut.png" }, /cut\.png is no PNG/],
    [{ capture: "huge.png" }, /huge\.png has too many pixels/],
    [{ capture: "twice.png" }, /twice\.png has two headers/],
    [{ capture: "red.png", threshold: 1 }, /with a threshold of 1 other colours are the same; 0\.01 may be/],
    [{ capture: "red.png", threshold: -1 }, /with a threshold of -1/],
    [{ masks: [mask(0.02), mask(0.02)] }, /4\.00 % of it is covered; 3 % may be/],
    [{ capture: "interlaced.png" }, /interlaced\.png is interlaced/],
  ] as const)
    assert.throws(() => look(change), says, JSON.stringify(change));
});
