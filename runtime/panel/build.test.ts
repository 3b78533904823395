import assert from "node:assert/strict";
import { test } from "node:test";
import { buildPage } from "./build.ts";

test("the page is built, with its parts under the names it asks for, and nothing of elsewhere", async () => {
  const page = await buildPage();
  assert.deepEqual([...page.keys()].sort(), ["/", "/icon.svg", "/main.js", "/style.css"]);
  const html = page.get("/")?.content.toString() ?? "";
  for (const [, path = ""] of html.matchAll(/(?:src|href)="([^"]+)"/g)) assert.equal(page.has(path), true, path);
  assert.doesNotMatch(html, /<script>|style=|\son\w+=/, "the policy forbids it");
  assert.doesNotMatch(page.get("/style.css")?.content.toString() ?? "", /url\(|@import/);
});
