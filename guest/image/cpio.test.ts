import assert from "node:assert/strict";
import { test } from "node:test";
import { cpio } from "./cpio.ts";

/** Reads an archive back by the format's own description: 110 bytes of ASCII, name, content, each padded to 4. */
function read(archive: Buffer) {
  const members = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number) =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    assert.equal(archive.toString("latin1", at, at + 6), "070701");
    const [mode, uid, gid, mtime, size, nameLength] = [
      field(1),
      field(2),
      field(3),
      field(5),
      field(6),
      field(11),
    ] as number[];
    const name = archive.toString("utf8", at + 110, at + 110 + (nameLength ?? 0) - 1);
    const start = at + ((110 + (nameLength ?? 0) + 3) & ~3);
    members.push({ name, mode, uid, gid, mtime, content: archive.toString("utf8", start, start + (size ?? 0)) });
    at = start + (((size ?? 0) + 3) & ~3);
  }
  return members;
}

test("an archive reads back as it was written, whatever the lengths", () => {
  const contents = ["", "a", "ab", "abc", "abcd", "abcde"];
  const files = contents.map((content, index) => ({
    path: `dir/${"n".repeat(index + 1)}`,
    content: Buffer.from(content),
  }));
  const members = read(
    cpio([{ path: "dir", directory: true }, ...files, { path: "init", content: Buffer.from("#!"), executable: true }]),
  );
  const common = { uid: 0, gid: 0, mtime: 0 };
  assert.deepEqual(members, [
    { name: "dir", mode: 0o40755, ...common, content: "" },
    ...contents.map((content, index) => ({ name: `dir/${"n".repeat(index + 1)}`, mode: 0o100644, ...common, content })),
    { name: "init", mode: 0o100755, ...common, content: "#!" },
    { name: "TRAILER!!!", mode: 0, ...common, content: "" },
  ]);
});
