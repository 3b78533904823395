import assert from "node:assert/strict";
import { test } from "node:test";
import { renderIndex } from "./index-page.ts";

const verified = { verifiedAt: "2026-01-01T00:00:00.000Z", manifest: undefined, signer: undefined };

test("a bundle is linked by its path, whatever that is called", () => {
  for (const [name, address] of [
    ["plain", "plain/report.html"],
    ["javascript:alert(1)", "javascript%3Aalert(1)/report.html"],
    ["one#two?three", "one%23two%3Fthree/report.html"],
    ['"><b>', "%22%3E%3Cb%3E/report.html"],
  ]) {
    const page = renderIndex([{ ...verified, directory: `/runs/${name}`, refusal: null }], "/runs");
    assert.equal(/href="([^"]*)"/.exec(page)?.[1], address);
  }
  const above = renderIndex([{ ...verified, directory: "/runs/one", refusal: null }], "/pages");
  assert.match(above, /href="\.\.\/runs\/one\/report\.html"/);
});
