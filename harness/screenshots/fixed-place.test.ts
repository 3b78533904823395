import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { foreignOwner } from "./fixed-place.ts";

test("another user's place counts as idle once it has not changed for longer than pictures take", (t) => {
  const { uid, mtimeMs } = statSync(tmpdir());
  assert.equal(foreignOwner(`${tmpdir()}/no-such-place`), undefined);
  t.mock.method(process as Required<typeof process>, "getuid", () => uid);
  assert.equal(foreignOwner(tmpdir()), undefined);
  t.mock.method(process as Required<typeof process>, "getuid", () => uid + 1);
  assert.deepEqual(foreignOwner(tmpdir(), mtimeMs + 599_000), { uid, isIdle: false });
  assert.deepEqual(foreignOwner(tmpdir(), mtimeMs + 601_000), { uid, isIdle: true });
});
