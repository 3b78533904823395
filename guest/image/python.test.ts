import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { execaSync } from "execa";
import { compilePython } from "./python.ts";

test("the guest's Python runs in a session of its own, away from the builder's terminal", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "piwork-python-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const folder of ["bin", "lib/python3.11", "lib64"]) mkdirSync(join(root, "usr", folder), { recursive: true });
  // In Python's place, this machine's shell with its libraries, which writes down its session.
  for (const library of execaSync("ldd", ["/usr/bin/dash"]).stdout.match(/\/\S+/g) ?? [])
    copyFileSync(library, join(root, "usr", library.startsWith("/lib64") ? "lib64" : "lib", basename(library)));
  copyFileSync("/usr/bin/dash", join(root, "usr/bin/dash"));
  const script = "#!/bin/dash\nread -r _ _ _ _ _ session _ </proc/self/stat\necho $session >/usr/session\n";
  writeFileSync(join(root, "usr/bin/python3.11"), script, { mode: 0o755 });
  await compilePython(root, new AbortController().signal);
  // A session outside of its process namespace is 0.
  assert.notEqual(readFileSync(join(root, "usr/session"), "utf8").trim(), "0");
});
