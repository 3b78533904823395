import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execaSync } from "execa";
import { BUNDLE_LIMITS } from "../api/bundle.ts";
import { Contents } from "./contents.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-contents-"));
test.after(() => rmSync(root, { recursive: true }));

function place(name: string): string {
  const directory = join(root, name);
  mkdirSync(join(directory, "inner"), { recursive: true });
  writeFileSync(join(directory, "inner/file"), "content");
  return directory;
}

test("files are listed by their paths, read and measured", () => {
  using contents = new Contents(place("good"));
  assert.deepEqual(contents.paths, ["inner/file"]);
  assert.equal(contents.read("inner/file")?.toString(), "content");
  assert.equal(contents.measure("inner/file").bytes, 7);
});

test("no path leads out, not even to what is there", () => {
  using contents = new Contents(place("inside"));
  for (const path of ["../inside/inner/file", "/etc/passwd", "inner/../inner/file", "", "."])
    assert.equal(contents.read(path), undefined, path);
  for (const path of ["../inside/inner/file", "inner/../inner/file"])
    assert.throws(() => contents.measure(path), { kind: "link" }, path);
});

test("what is swapped for a link after the first look is not followed", () => {
  const directory = place("swapped");
  using contents = new Contents(directory);
  rmSync(join(directory, "inner"), { recursive: true });
  symlinkSync(join(place("elsewhere"), "inner"), join(directory, "inner"));
  assert.throws(() => contents.read("inner/file"), { kind: "link" });
});

test("links, pipes and what is too large or too deep are refused", () => {
  const bad: Record<string, [make: (directory: string) => void, kind: string]> = {
    link: [(directory) => symlinkSync("inner/file", join(directory, "link")), "link"],
    dangling: [(directory) => symlinkSync("nothing", join(directory, "link")), "link"],
    pipe: [(directory) => void execaSync("mkfifo", [join(directory, "pipe")]), "link"],
    large: [
      (directory) => {
        writeFileSync(join(directory, "large"), "");
        truncateSync(join(directory, "large"), BUNDLE_LIMITS.fileBytes + 1);
      },
      "unreadable",
    ],
    deep: [
      (directory) => void mkdirSync(join(directory, "d/".repeat(BUNDLE_LIMITS.levels + 1)), { recursive: true }),
      "unreadable",
    ],
  };
  for (const [name, [make, kind]] of Object.entries(bad)) {
    const directory = place(name);
    make(directory);
    assert.throws(() => new Contents(directory), { kind }, name);
  }
  assert.throws(() => new Contents(join(root, "absent")), { kind: "unreadable" });
  symlinkSync(place("real"), join(root, "name"));
  assert.throws(() => new Contents(join(root, "name")), { kind: "unreadable" });
});
