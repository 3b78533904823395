import assert from "node:assert/strict";
import { test } from "node:test";
import { buildProgram } from "../main.ts";
import { imageWords } from "./image.ts";

const cases: [words: string, builder: string | undefined][] = [
  ["image", ""],
  ["image info --json", "info --json"],
  ["image --help", "--help"],
  ["--cache /c image info --json", "info --cache /c --json"],
  ["--cache=/c --state /s --logs image image build --packages jq", "build --cache /c --packages jq"],
  ["--state /s image clean --old", "clean --old"],
  ["--cache /c image info --cache /d", "info --cache /c --cache /d"],
  ["--cache /c image", ""],
  ["--cache /c image --help", "--help"],
  ["--cache /c image help info", "help info"],
  ["--cache image status", undefined],
  ["task create image", undefined],
  ["--help image", undefined],
  ["", undefined],
];

for (const [words, builder] of cases) {
  test(`'piwork ${words}' ${builder === undefined ? "is not for the image builder" : "goes to the image builder"}`, () => {
    const found = imageWords(buildProgram(), words.split(" ").filter(Boolean));
    assert.equal(found?.join(" "), builder);
  });
}
