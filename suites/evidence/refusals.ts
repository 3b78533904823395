import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "zx";
import { type Check, Run } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { Random } from "../../harness/random/random.ts";
import { BUNDLE_FILES, type Manifest } from "../../runtime/api/bundle.ts";
import { ownFingerprint } from "../../runtime/evidence/signature.ts";
import { verifyBundle } from "../../runtime/evidence/verify.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { ALTERATIONS } from "./alterations.ts";

/** Where the bundles lie that are altered: each in a copy of its own. */
export interface Samples {
  runs: string;
  sample: string;
  failed: string;
  /** what this run of the suites has made before, which is only looked at */
  bundles: readonly string[];
}

/** A file of which every byte is changed, in bytes: each time the whole bundle is verified. */
const SMALL_BYTES = 1024;
/** Bytes of a larger file that are changed. */
const SAMPLE = 40;
const SEED = 1;

const verify = (directory: string) => verifyBundle(directory, ownFingerprint(findPlaces().state)).refusal;

function copyOf(runs: string, bundle: string): string {
  const copy = join(mkdtempSync(join(runs, "copy-")), basename(bundle));
  cpSync(bundle, copy, { recursive: true });
  return copy;
}

/** What was altered is refused, for what was altered; a copy that was not is believed. */
export function refusals({ runs, sample, failed }: Samples): Check[] {
  return [
    ...ALTERATIONS.map(({ name, claim, of, alter, refused, says }) => ({
      id: `evidence.refuses-${name}`,
      claim: `${claim}: refused, and an unaltered copy is what it was`,
      async run() {
        const copy = copyOf(runs, of === "sample" ? sample : failed);
        const before = verify(copy);
        assert.equal(before?.kind ?? "believed", of === "sample" ? "believed" : "failed");
        alter(copy);
        const refusal = verify(copy);
        assert.equal(refusal?.kind, refused, refusal?.says);
        assert.match(refusal?.says ?? "", says);
        return { refusal };
      },
    })),
    {
      id: "evidence.refuses-any-byte",
      claim:
        "one bit changed in any byte of a small file, and in many of a larger one, each by itself: refused for that file",
      async run() {
        const copy = copyOf(runs, sample);
        const { files } = JSON.parse(readFileSync(join(copy, BUNDLE_FILES.manifest), "utf8")) as Manifest;
        const random = new Random(SEED);
        const changed: Record<string, number> = {};
        for (const { path, bytes } of files.filter((file) => file.bytes > 0)) {
          const places = new Set(placesIn(bytes, random));
          for (const at of places) {
            const back = flip(join(copy, path), at, random.below(8));
            const refusal = verify(copy);
            back();
            assert.equal(refusal?.kind, "hash", `byte ${at} of ${path}`);
            assert.equal(refusal?.says.startsWith(`${path} is not what it was`), true, refusal?.says);
          }
          changed[path] = places.size;
        }
        assert.equal(verify(copy), null, "it was put back");
        assert.equal(Object.keys(changed).length > 8, true, "there was hardly anything to change");
        return { changed };
      },
    },
    {
      id: "evidence.refuses-any-byte-of-the-signature",
      claim: "one bit changed in the manifest or in its signature, at any of fifty places: refused",
      async run() {
        const copy = copyOf(runs, sample);
        const kinds: Record<string, number> = {};
        for (const file of [BUNDLE_FILES.manifest, BUNDLE_FILES.signature]) {
          const { length } = readFileSync(join(copy, file));
          for (let part = 0; part < 50; part++) {
            const back = flip(join(copy, file), Math.floor((part / 50) * (length - 2)));
            const refusal = verify(copy);
            back();
            assert.equal(refusal === null, false, `${file}, part ${part}`);
            kinds[refusal?.kind ?? ""] = (kinds[refusal?.kind ?? ""] ?? 0) + 1;
          }
        }
        assert.equal(verify(copy), null, "it was put back");
        return kinds;
      },
    },
    {
      id: "evidence.refuses-killed",
      claim: "a suite that was killed leaves what it saw so far, and a bundle that is refused as incomplete",
      async run() {
        const program = join(REPOSITORY, "suites/evidence/killed.ts");
        const suite = $({
          stdio: ["ignore", "pipe", "inherit"],
          nothrow: true,
        })`exec ${process.execPath} --import tsx ${program} ${runs}`;
        let words = "";
        suite.stdout.on("data", (data: Buffer) => (words += data.toString()));
        const directory = await waitFor(
          "a suite in its second check",
          60_000,
          () => /performing in (\S+)/.exec(words)?.[1],
        );
        suite.child?.kill("SIGKILL");
        await suite;
        const refusal = verify(directory);
        assert.equal(refusal?.kind, "incomplete", refusal?.says);
        const lines = readFileSync(join(directory, "results.jsonl"), "utf8").trim().split("\n");
        assert.deepEqual(
          lines.map((line) => (JSON.parse(line) as { id: string }).id),
          ["sample.first"],
        );
        return { refusal };
      },
    },
    {
      id: "evidence.refuses-fewer",
      claim: "a run in which fewer checks ran than were to has failed",
      async run() {
        const run = new Run("short-sample", { command: "none", runs, say: () => {} });
        const good = { id: "sample.good", claim: "it is so", run: () => {} };
        run.expect([good, { id: "sample.never" }]);
        await run.perform([good]);
        assert.deepEqual(run.finish(), { passed: 1, failed: 1, skipped: 0 });
        assert.equal(verify(run.directory)?.kind, "failed");
      },
    },
  ];
}

/** Every byte of a small file; of a larger one the first, the last, and others at random. */
function placesIn(bytes: number, random: Random): number[] {
  if (bytes <= SMALL_BYTES) return Array.from({ length: bytes }, (_, at) => at);
  return [0, bytes - 1, ...Array.from({ length: SAMPLE }, () => random.below(bytes))];
}

/** Changes one bit of a file; gives what changes it back. */
function flip(path: string, at: number, bit = 0): () => void {
  const content = readFileSync(path);
  const changed = Buffer.from(content);
  changed[at] = (changed[at] ?? 0) ^ (1 << bit);
  writeFileSync(path, changed);
  return () => writeFileSync(path, content);
}
