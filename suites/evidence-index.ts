import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { writeIndex } from "../harness/evidence/index-page.ts";
import { ownFingerprint } from "../runtime/evidence/signature.ts";
import { findPlaces, REPOSITORY } from "../runtime/state/places.ts";

const INDEX = join(REPOSITORY, "tmp/dev/index.html");
const RUNS = join(REPOSITORY, "tmp/dev/runs");

/** Verifies these bundles, and writes the page that links them; says whether all of them are believed and passed. */
export function index(bundles: readonly string[]): boolean {
  const verified = writeIndex(INDEX, bundles, ownFingerprint(findPlaces().state));
  const believed = verified.filter(({ refusal }) => refusal === null);
  console.log(
    `\n${believed.length} of ${verified.length} bundles passed and are verified: ${relative(REPOSITORY, INDEX)}`,
  );
  return believed.length === verified.length && verified.length > 0;
}

/** `evidence-index.ts [RUN...]`: those runs, or all there are. */
if (import.meta.filename === process.argv[1]) {
  const named = process.argv.slice(2).map((path) => resolve(path));
  const all = existsSync(RUNS) ? readdirSync(RUNS).sort() : [];
  process.exit(index(named.length > 0 ? named : all.map((name) => join(RUNS, name))) ? 0 : 1);
}
