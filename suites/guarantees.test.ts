import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../runtime/state/places.ts";
import { everyCheck } from "./every-check.ts";
import { catalogue } from "./negative/catalogue.ts";
import { roundId } from "./walk.ts";

/** The checks of the suites, as these make them; that their sources have such words somewhere is not enough. */
const ids = [...[...catalogue, ...everyCheck(true)].map(({ id }) => id), roundId(1)];

/** Ids in the second column of the tables of a document, by the sentence that names them. */
function idsByGuarantee(document: string): [sentence: string, ids: string[]][] {
  let areGuarantees = true;
  return document
    .split("\n")
    .filter((line) => {
      if (/^\| .*\| what \|$/.test(line)) areGuarantees = false;
      if (line === "") areGuarantees = true;
      return areGuarantees && /^\| (?!what |---)/.test(line);
    })
    .map((line) => {
      const [, sentence = "", checks = ""] = line.split(/(?<!\\)\|/);
      return [sentence.trim(), [...checks.matchAll(/`([^`]+)`/g)].map(([, id = ""]) => id)];
    });
}

function matches(named: string, id: string): boolean {
  return named.endsWith("*") ? id.startsWith(named.slice(0, -1)) : named === id;
}

const guarantees = ["guarantees", "agent", "network"].flatMap((name) =>
  idsByGuarantee(readFileSync(join(REPOSITORY, `docs/${name}.md`), "utf8")),
);

test("each guarantee names checks, and each check it names exists", () => {
  assert.equal(guarantees.length > 30, true, "the document has lost its tables");
  for (const [sentence, named] of guarantees) {
    assert.equal(named.length > 0, true, `no check is named for: ${sentence}`);
    for (const name of named)
      assert.equal(
        ids.some((id) => matches(name, id)),
        true,
        `no check is called '${name}', for: ${sentence}`,
      );
  }
});

test("a check that does not exist is noticed", () => {
  for (const name of [
    "paths.no-such-check",
    "agent.dies-twice",
    "fault.no-such-row",
    "no-such-group.*",
    "machine-layer.quota",
  ])
    assert.equal(
      ids.some((id) => matches(name, id)),
      false,
      name,
    );
});
