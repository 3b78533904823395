import assert from "node:assert/strict";
import { test } from "node:test";
import { plainPath } from "./mountinfo.ts";

test("a path in a list of mounts is read as it is", () => {
  assert.equal(plainPath("/a\\040b\\011c\\134040"), "/a b\tc\\040");
  assert.equal(plainPath("/50%/é/.."), "/50%/é/..");
});
