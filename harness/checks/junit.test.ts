import assert from "node:assert/strict";
import { test } from "node:test";
import { toJunit } from "./junit.ts";

test("passed and failed checks, whatever is in their words", () => {
  const xml = toJunit("negative", [
    { id: "paths.parent", claim: 'reads "../other" & <more>', verdict: "passed", milliseconds: 1500 },
    { id: "names.nul", claim: "has \0 and \ud800", verdict: "failed", milliseconds: 2, reason: "it got\nthrough" },
  ]);
  assert.match(xml, /<testsuite name="negative" tests="2" failures="1" time="1\.502">/);
  assert.match(xml, /name="paths\.parent: reads &#34;\.\.\/other&#34; &#38; &#60;more&#62;" time="1\.500"\/>/);
  assert.match(xml, /<failure message="it got">it got\nthrough<\/failure>/);
  assert.equal(/[\0\ud800]/.test(xml), false);
});
