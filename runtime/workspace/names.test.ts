import assert from "node:assert/strict";
import { test } from "node:test";
import { showName } from "./names.ts";

test("a name that is text stays as it is, another one is escaped", () => {
  assert.deepEqual(showName(Buffer.from("grüße\\xff\n")), { text: "grüße\\xff\n", isText: true });
  assert.deepEqual(showName(Buffer.from([0x61, 0xff, 0x5c])), { text: "a\\xff\\\\", isText: false });
});
