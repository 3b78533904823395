import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { PROTOCOL_DOCUMENT, protocolDocument } from "./document.ts";
import { undescribedFields } from "./schemas.ts";

test("the protocol document says what the schemas say", () => {
  const written = readFileSync(join(REPOSITORY, PROTOCOL_DOCUMENT), "utf8").split("\n");
  const wanted = protocolDocument().split("\n");
  const line = wanted.findIndex((text, index) => text !== written[index]);
  const at = line === -1 ? wanted.length : line;
  assert.deepEqual(
    { line: at + 1, text: written[at] },
    { line: at + 1, text: wanted[at] },
    `${PROTOCOL_DOCUMENT} differs from the schemas in line ${at + 1}; write it anew with 'npx mise run docs'.\nit says:    ${written[at]}\nit should:  ${wanted[at]}`,
  );
});

test("every field that crosses the wire or the control API has a description", () => {
  assert.deepEqual(undescribedFields(), [], 'add .describe("…") to these fields where their schema is');
});
