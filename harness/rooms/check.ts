import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "./judge.ts";
import { parseLayout } from "./layout.ts";
import { AREAS, referencesOf } from "./references.ts";

/** Where the sources of a repository refer to each other in other ways than its docs/layout.md allows, a sentence each. */
export function findWrongReferences(repository: string): string[] {
  const files = AREAS.flatMap((area) =>
    readdirSync(join(repository, area), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !file.startsWith("node_modules/"))
      .map((file) => `${area}/${file}`),
  ).sort();
  const layout = parseLayout(readFileSync(join(repository, "docs/layout.md"), "utf8"));
  return judge(
    layout,
    files,
    files.flatMap((file) => referencesOf(repository, file)),
  );
}
