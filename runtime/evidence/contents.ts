import { createHash } from "node:crypto";
import { existsSync, readdirSync, readSync } from "node:fs";
import { BUNDLE_LIMITS } from "../api/bundle.ts";
import { openBeneath, type Place, printable } from "../linux/open-beneath.ts";
import { openRegularFile, type RegularFile } from "../linux/open-regular.ts";
import { BundleRefused } from "./refusal.ts";

const CHUNK_BYTES = 1024 * 1024;

/** The files of a bundle, by paths within it. Nothing in it is followed, and nothing outside of it is reached. */
export class Contents implements Disposable {
  readonly paths: readonly string[];
  readonly #root: Place;

  /** Looks at every name; refuses what a suite would not leave. */
  constructor(directory: string) {
    try {
      this.#root = openBeneath(directory, []);
    } catch {
      const why = existsSync(directory) ? "is not a directory that can be opened" : "does not exist";
      throw new BundleRefused("unreadable", `${directory} ${why}; name the directory of a run, below tmp/dev/runs`);
    }
    try {
      this.paths = list(this.#root, "", 0).sort();
    } catch (error) {
      this.#root[Symbol.dispose]();
      throw error;
    }
  }

  /** A document as a whole; undefined where there is none. */
  read(path: string, bytes: number = BUNDLE_LIMITS.documentBytes): Buffer | undefined {
    if (!this.paths.includes(path)) return undefined;
    using file = this.#open(path);
    const content = file.readAtMost(bytes);
    if (content === undefined) throw new BundleRefused("unreadable", `${printable(path)} is too long to be read`);
    return content;
  }

  /** Size and hash as they are now. */
  measure(path: string): { bytes: number; sha256: string } {
    using file = this.#open(path);
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      const read = readSync(file.fd, chunk, 0, chunk.length, null);
      if (read === 0) return { bytes, sha256: hash.digest("hex") };
      bytes += read;
      if (bytes > BUNDLE_LIMITS.fileBytes) throw new BundleRefused("unreadable", `${printable(path)} is too long`);
      hash.update(chunk.subarray(0, read));
    }
  }

  #open(path: string): RegularFile {
    const parts = path.split("/");
    try {
      using place = openBeneath(this.#root, parts.slice(0, -1));
      const file = openRegularFile(place, parts.at(-1) ?? "");
      if (file === undefined) throw new BundleRefused("missing file", `${printable(path)} is gone`);
      return file;
    } catch (error) {
      if (error instanceof BundleRefused) throw error;
      throw new BundleRefused("link", `${printable(path)} cannot be opened as a file: ${words(error)}`); // it was swapped meanwhile
    }
  }

  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }
}

function list(place: Place, above: string, level: number, sum = { files: 0, bytes: 0 }): string[] {
  if (level > BUNDLE_LIMITS.levels) throw new BundleRefused("unreadable", "its directories are too deep");
  return readdirSync(place.path, { withFileTypes: true }).flatMap((entry) => {
    const path = `${above}${entry.name}`;
    if (++sum.files > BUNDLE_LIMITS.files) throw new BundleRefused("unreadable", "it has too many files");
    if (entry.isDirectory()) {
      using inner = openBeneath(place, [entry.name]);
      const below = list(inner, `${path}/`, level + 1, sum);
      // No manifest could name it, and its own name may say something.
      if (below.length === 0) throw new BundleRefused("extra file", `${printable(path)} is a directory without a file`);
      return below;
    }
    if (!entry.isFile()) throw new BundleRefused("link", `${printable(path)} is neither a file nor a directory`);
    using file = openRegularFile(place, entry.name);
    const { size = 0 } = file?.stats ?? {};
    sum.bytes += size;
    if (size > BUNDLE_LIMITS.fileBytes || sum.bytes > BUNDLE_LIMITS.bytes)
      throw new BundleRefused("unreadable", `with ${printable(path)} it is too large`);
    return [path];
  });
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
