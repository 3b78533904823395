import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../../runtime/state/places.ts";

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(REPOSITORY, "docs"), { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`),
].filter((file) => file.endsWith(".md"));

/** The anchors that GitHub gives the headings of a page. */
function anchorsIn(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function brokenLinks(page: string, markdown: string): string[] {
  const links = [...markdown.replaceAll(/```.*?```/gs, "").matchAll(/\]\((?!https?:)([^)\s]+)\)/g)];
  return links.flatMap(([, link = ""]) => {
    const [file = "", anchor] = link.split("#");
    const path = file === "" ? join(REPOSITORY, page) : join(REPOSITORY, dirname(page), file);
    const isThere = existsSync(path) && (anchor === undefined || anchorsIn(path).includes(anchor));
    return isThere ? [] : `${page}: ${link}`;
  });
}

test("every link between README.md, CONTRIBUTING.md and the pages below docs/ leads somewhere", () => {
  assert.deepEqual(
    PAGES.flatMap((page) => brokenLinks(page, readFileSync(join(REPOSITORY, page), "utf8"))),
    [],
  );
});

test("a link to a file or to a heading that is not there is noticed", () => {
  const markdown =
    "[a](docs/no-such.md) [b](docs/network.md#no-such) [c](docs/network.md#limits) [d](https://e.example)";
  assert.deepEqual(brokenLinks("README.md", markdown), [
    "README.md: docs/no-such.md",
    "README.md: docs/network.md#no-such",
  ]);
});
