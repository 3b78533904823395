import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openBeneath } from "../../runtime/linux/open-beneath.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { readSession } from "./read-session.ts";

test("sessionBytes: a session of so many bytes is read, and a longer one is refused", (t) => {
  const root = mkdtempSync(join(tmpdir(), "piwork-session-"));
  t.after(() => rmSync(root, { recursive: true }));
  using place = openBeneath(root, []);
  const path = join(root, "session");
  writeFileSync(path, "");
  truncateSync(path, LIMITS.sessionBytes); // a hole takes no room
  assert.equal(readSession(place, "session")?.length, LIMITS.sessionBytes);
  truncateSync(path, LIMITS.sessionBytes + 1);
  assert.throws(() => readSession(place, "session"), { code: "LIMIT_EXCEEDED" });
});
