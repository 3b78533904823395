import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../runtime/state/places.ts";
import { everyCheck } from "./every-check.ts";
import { catalogue } from "./negative/catalogue.ts";

/** Ids of checks as they stand in the suites; where one is put together, what it begins with and a star. */
function idsInSuites(): string[] {
  const literal = readdirSync(join(REPOSITORY, "suites"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => {
      const source = readFileSync(join(REPOSITORY, "suites", file), "utf8");
      return [...source.matchAll(/\bid: (["`])([a-z0-9-]+\.[^"`\n]*)\1/g)].map(([, , id = ""]) =>
        id.replace(/\$\{.*/, "*"),
      );
    });
  return [...literal, ...[...catalogue, ...everyCheck(true)].map(({ id }) => id)];
}

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
  const ids = idsInSuites();
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
  const ids = idsInSuites();
  for (const name of ["paths.no-such-check", "agent.dies-twice", "fault.no-such-row", "no-such-group.*"])
    assert.equal(
      ids.some((id) => matches(name, id)),
      false,
      name,
    );
});
