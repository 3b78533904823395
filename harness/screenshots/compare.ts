import { createHash } from "node:crypto";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { BUNDLE_LIMITS } from "../../runtime/api/bundle.ts";

/**
 * How far two colours may be apart and still count as the same, as pixelmatch has it: two steps of 255. Programs that draw with
 * other instructions of the processor round that differently; the palest line of the page is further from its ground.
 */
export const THRESHOLD = BUNDLE_LIMITS.threshold;
/** A picture has something in it where its most frequent colour leaves so much of it to others. */
const SHARE_OF_CONTENT = 0.001;
/** Up to this, each channel of a colour is black to a person. */
const BLACK = 16;

/** What is to be said of a picture beside the one that was to be seen. Only the first two were compared pixel by pixel. */
export type Comparison =
  | { verdict: "same"; differing: 0 }
  /** `difference`: a picture of where they differ */
  | { verdict: "different"; differing: number; of: number; difference: Buffer }
  | { verdict: "size"; words: string }
  | { verdict: "blank"; words: string };

export interface Size {
  width: number;
  height: number;
}

/** Compares two PNG files by their pixels. What has nothing in it equals nothing, whatever it is compared with. */
export function compare(capture: Buffer, baseline: Buffer): Comparison {
  const seen = PNG.sync.read(capture);
  const blank = blankness(seen);
  if (blank !== undefined) return { verdict: "blank", words: blank };
  if (hashOf(capture) === hashOf(baseline)) return { verdict: "same", differing: 0 };
  const expected = PNG.sync.read(baseline);
  const { width, height } = seen;
  if (width !== expected.width || height !== expected.height)
    return { verdict: "size", words: `${sizeWords(seen)}, where ${sizeWords(expected)} was to be seen` };
  const difference = new PNG({ width, height });
  // Without `includeAA` a thin line counts as the smooth edge of something, and is let through.
  const differing = pixelmatch(expected.data, seen.data, difference.data, width, height, {
    threshold: THRESHOLD,
    includeAA: true,
  });
  if (differing === 0) return { verdict: "same", differing };
  return { verdict: "different", differing, of: width * height, difference: PNG.sync.write(difference) };
}

export function sizeOf(png: Buffer): Size {
  const { width, height } = PNG.sync.read(png);
  return { width, height };
}

/** Says that a picture has one colour alone, and which; undefined where there is something in it. */
function blankness({ data, width, height }: PNG): string | undefined {
  const counts = new Map<number, number>();
  for (let at = 0; at < data.length; at += 4) {
    const colour = data.readUInt32BE(at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const [colour = 0, most = 0] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one), [0, 0]);
  if (most < width * height * (1 - SHARE_OF_CONTENT)) return undefined;
  const channels = [colour >>> 24, (colour >>> 16) & 255, (colour >>> 8) & 255];
  const name = channels.map((channel) => channel.toString(16).padStart(2, "0")).join("");
  return channels.every((channel) => channel <= BLACK) ? `black (#${name})` : `blank (nothing but #${name})`;
}

function sizeWords({ width, height }: Size): string {
  return `${width} × ${height}`;
}

function hashOf(file: Buffer): string {
  return createHash("sha256").update(file).digest("hex");
}
