import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageName } from "../../runtime/state/image.ts";

/** The names in `guest/packages.txt` and `extra`, each once, sorted. */
export function readPackageNames(repo: string, extra: readonly string[] = []): string[] {
  const listed = readFileSync(join(repo, "guest/packages.txt"), "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  return [...new Set([...listed, ...extra].map((name) => packageName.parse(name)))].sort();
}
