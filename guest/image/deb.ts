import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** A package at the version that apt settled on, as promised by the signed package lists. */
export interface Deb {
  name: string;
  version: string;
  /** Name of the file that apt saves. */
  file: string;
  bytes: number;
  sha256: string;
  /** Debian's signed lists do not name it; a manifest did. */
  unsigned?: true;
}

/** The fields that identify the content of a package. */
export const identity = ({ name, version, sha256 }: Deb) => ({ name, version, sha256 });

/** Where packages are kept, so that the next build needs no network. */
export const debsDir = (apt: { dir: string }) => join(apt.dir, "debs");
export const debPath = (apt: { dir: string }, deb: Deb) => join(debsDir(apt), deb.file);

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
