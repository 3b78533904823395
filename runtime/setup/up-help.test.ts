import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildProgram } from "../cli/main.ts";
import { REPOSITORY } from "../state/places.ts";

test("the help that is shown before set-up is the help of 'piwork up'", () => {
  const up = buildProgram().commands.find((command) => command.name() === "up");
  const shown = readFileSync(join(REPOSITORY, "runtime/setup/up-help.txt"), "utf8");
  assert.equal(up?.configureHelp({ helpWidth: 80, showGlobalOptions: true }).helpInformation(), shown);
});
