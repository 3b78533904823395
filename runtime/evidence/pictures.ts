import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { BUNDLE_LIMITS } from "../api/bundle.ts";
import type { Screenshot } from "../api/screenshots.ts";
import { BundleRefused } from "./refusal.ts";

/** What a verdict says about the number of pixels that differ: that none do, that some do, or nothing. */
const SAYS: Record<Screenshot["verdict"], "none" | "some" | "any" | "nothing"> = {
  same: "none",
  different: "some",
  accepted: "any",
  size: "nothing",
  blank: "nothing",
  "no baseline": "nothing",
};

/** Looks whether a picture differs from its baseline as it is said to. */
export function assertPicture(shot: Screenshot, read: (path: string) => Buffer | undefined): void {
  const { scene, verdict, differing, baseline, threshold, masks } = shot;
  const refuse = (words: string) => new BundleRefused("picture", `'${scene}': ${words}`);
  const get = (name: string) => {
    const content = read(name);
    if (content === undefined) throw refuse(`${name} is not there`);
    return decode(content, (words) => refuse(`${name} ${words}`));
  };
  const capture = get(shot.capture);
  if (capture.width !== shot.width || capture.height !== shot.height)
    throw refuse(`it is ${capture.width}x${capture.height}, not ${shot.width}x${shot.height}`);
  if (shot.difference !== null) get(shot.difference);
  if (threshold < 0 || threshold > BUNDLE_LIMITS.threshold)
    throw refuse(`with a threshold of ${threshold} other colours are the same; ${BUNDLE_LIMITS.threshold} may be`);
  const covered = masks.reduce((sum, { share }) => sum + share, 0);
  if (covered > BUNDLE_LIMITS.masked)
    throw refuse(`${(covered * 100).toFixed(2)} % of it is covered; ${BUNDLE_LIMITS.masked * 100} % may be`);
  const says = SAYS[verdict];
  if (
    (says === "nothing" && differing !== null) ||
    (says === "none" && differing !== 0) ||
    (says === "some" && !differing)
  )
    throw refuse(`it is called '${verdict}' with ${differing ?? "no"} pixels that differ`);
  if (verdict === "no baseline" && baseline !== null) throw refuse("it has a baseline");
  if (differing === null) return;
  if (baseline === null) throw refuse("it differs from nothing");
  const other = get(baseline);
  if (other.width !== capture.width || other.height !== capture.height) throw refuse("its baseline has another size");
  const counted = pixelmatch(capture.data, other.data, undefined, capture.width, capture.height, {
    threshold,
    includeAA: true, // a thin line is no smoothed edge
  });
  if (counted !== differing) throw refuse(`${counted} pixels differ, not ${differing}`);
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Up to the flag for interlacing, the last of what the header says. */
const HEADER_BYTES = 29;

function decode(content: Buffer, refusal: (words: string) => BundleRefused): PNG {
  if (content.length < HEADER_BYTES || !content.subarray(0, 8).equals(PNG_SIGNATURE)) throw refusal("is no PNG");
  const [width, height] = [content.readUInt32BE(16), content.readUInt32BE(20)];
  if (width * height > BUNDLE_LIMITS.pixels) throw refusal("has too many pixels");
  // What is interlaced would be unpacked without a limit, and no browser makes it.
  if (content[28] !== 0) throw refusal("is interlaced");
  // Of two headers the last one would count, whatever the first one says.
  if (hasTwoHeaders(content)) throw refusal("has two headers");
  try {
    return PNG.sync.read(content);
  } catch (error) {
    throw refusal(`is no PNG: ${error instanceof Error ? error.message : error}`);
  }
}

/** Each part of a PNG is the length of its content, four letters, that content, and a checksum. */
function hasTwoHeaders(content: Buffer): boolean {
  let headers = 0;
  for (let at = PNG_SIGNATURE.length; at + 8 <= content.length; at += 12 + content.readUInt32BE(at))
    if (content.toString("latin1", at + 4, at + 8) === "IHDR") headers++;
  return headers > 1;
}
