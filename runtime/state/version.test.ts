import assert from "node:assert/strict";
import { test } from "node:test";
import { isNewEnough } from "./version.ts";

test("what package.json demands of Node decides", () => {
  for (const node of ["20.19.0", "20.19.43", "20.100.0", "22.0.0", "100.1.0"])
    assert.equal(isNewEnough(node), true, node);
  for (const node of ["18.20.8", "20.9.0", "20.18.9", "9.99.99"]) assert.equal(isNewEnough(node), false, node);
});
