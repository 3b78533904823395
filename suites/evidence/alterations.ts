import { createHash } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealBundle } from "../../harness/evidence/seal.ts";
import { BUNDLE_FILES, type Manifest, type Results } from "../../runtime/api/bundle.ts";
import type { Screenshots } from "../../runtime/api/screenshots.ts";
import type { RefusalKind } from "../../runtime/evidence/refusal.ts";
import { findPlaces } from "../../runtime/state/places.ts";

/** Something that somebody does to a bundle, and why it is refused then. */
export interface Alteration {
  name: string;
  claim: string;
  of: "sample" | "failed";
  alter(directory: string): void;
  /** what says so, and words of the sentence */
  refused: RefusalKind;
  says: RegExp;
}

const ANY_LOG = "piwork.log";

/** What whoever has no key can do; and what only the maker of the bundle could, who signs it again with the same key. */
export const ALTERATIONS: readonly Alteration[] = [
  {
    name: "file-removed",
    claim: "a file removed",
    of: "sample",
    alter: (directory) => rmSync(join(directory, ANY_LOG)),
    refused: "missing file",
    says: /piwork\.log is not there/,
  },
  {
    name: "file-added",
    claim: "a file added",
    of: "sample",
    alter: (directory) => writeFileSync(join(directory, "more.log"), ""),
    refused: "extra file",
    says: /more\.log/,
  },
  {
    name: "symlink",
    claim: "a file moved out, and a link to the very same bytes put in its place",
    of: "sample",
    alter(directory) {
      const outside = join(mkdtempSync(`${directory}-outside-`), ANY_LOG);
      writeFileSync(outside, readFileSync(join(directory, ANY_LOG)));
      rmSync(join(directory, ANY_LOG));
      symlinkSync(outside, join(directory, ANY_LOG));
    },
    refused: "link",
    says: /piwork\.log is neither a file nor a directory/,
  },
  {
    name: "directory-link",
    claim: "a directory of nothing that is a link",
    of: "sample",
    alter: (directory) => symlinkSync("/etc", join(directory, "etc")),
    refused: "link",
    says: /etc is neither/,
  },
  {
    name: "manifest-edited",
    claim: "a log changed, and its hash in the manifest as well",
    of: "sample",
    alter(directory) {
      appendFileSync(join(directory, ANY_LOG), "{}\n");
      const content = readFileSync(join(directory, ANY_LOG));
      const sha256 = createHash("sha256").update(content).digest("hex");
      edit<Manifest>(directory, BUNDLE_FILES.manifest, ({ files }) => {
        Object.assign(
          find(files, ({ path }) => path === ANY_LOG),
          { bytes: content.length, sha256 },
        );
      });
    },
    refused: "signature",
    says: /manifest\.json is not what was signed/,
  },
  {
    name: "new-key",
    claim: "a bundle altered, and signed again with a new key",
    of: "sample",
    alter(directory) {
      appendFileSync(join(directory, ANY_LOG), "{}\n");
      reseal(directory, mkdtempSync(`${directory}-state-`));
    },
    refused: "signer",
    says: /it is signed by [0-9a-f]{64}, not by [0-9a-f]{64}/,
  },
  {
    name: "unsigned",
    claim: "the signature removed",
    of: "sample",
    alter: (directory) => rmSync(join(directory, BUNDLE_FILES.signature)),
    refused: "signer",
    says: /it is not signed/,
  },
  {
    name: "check-removed",
    claim: "a check removed from the results, everything else made to fit",
    of: "sample",
    alter: (directory) => judgeAgain(directory, (results) => void results.results.shift()),
    refused: "checks",
    says: /'sample\.echo' was to run and did not/,
  },
  {
    name: "verdict-flipped",
    claim: "the verdict of a check that failed turned into passed, everything else made to fit",
    of: "failed",
    alter: (directory) =>
      judgeAgain(directory, ({ results }) => {
        find(results, ({ id }) => id === "sample.bad").verdict = "passed";
      }),
    refused: "verdicts",
    says: /'sample\.bad' is called passed with a reason/,
  },
  {
    name: "through-as-passed",
    claim: "an attack that got through, called passed",
    of: "sample",
    alter: (directory) => judgeAgain(directory, (results) => seen(results, "target", true)),
    refused: "verdicts",
    says: /'sample\.link' is called passed, and the attack got through/,
  },
  {
    name: "counts",
    claim: "counts that are not those of the verdicts",
    of: "failed",
    alter(directory) {
      const more = (counted: { passed: number; failed: number }) => Object.assign(counted, { passed: 2, failed: 0 });
      edit<Results>(directory, BUNDLE_FILES.results, more);
      edit<Manifest>(directory, BUNDLE_FILES.manifest, more);
      reseal(directory);
    },
    refused: "verdicts",
    says: /it counts 2 passed and 0 failed; its results are 1 and 1/,
  },
  {
    name: "dead-control",
    claim: "an attack whose control does not get through either, called passed",
    of: "sample",
    alter: (directory) => judgeAgain(directory, (results) => seen(results, "control", false)),
    refused: "control",
    says: /'sample\.link' does not get through on its control either/,
  },
  {
    name: "no-control",
    claim: "an attack that nobody tried on a control, called passed",
    of: "sample",
    alter: (directory) =>
      judgeAgain(directory, ({ results }) => {
        Object.assign(find(results, ({ id }) => id === "sample.link").attack ?? {}, { control: null });
      }),
    refused: "control",
    says: /nobody saw what became of 'sample\.link'/,
  },
  {
    name: "attack-unmarked",
    claim: "an attack recorded as an ordinary check, which needs no control",
    of: "sample",
    alter: (directory) =>
      judgeAgain(directory, ({ results }) => {
        delete find(results, ({ id }) => id === "sample.link").attack;
      }),
    refused: "control",
    says: /'sample\.link' is to be an attack, and its result is otherwise/,
  },
  {
    name: "picture",
    claim: "a picture that differs from its baseline by more than is said",
    of: "sample",
    alter(directory) {
      edit<Screenshots>(directory, BUNDLE_FILES.screenshots, ({ screenshots }) => {
        Object.assign(screenshots[0] ?? {}, { differing: 1 });
      });
      reseal(directory);
    },
    refused: "picture",
    says: /'painted': 3 pixels differ, not 1/,
  },
  {
    name: "picture-path",
    claim: "a picture that is to be found outside of the bundle",
    of: "sample",
    alter(directory) {
      edit<Screenshots>(directory, BUNDLE_FILES.screenshots, ({ screenshots }) => {
        Object.assign(screenshots[0] ?? {}, { capture: "../scene.png" });
      });
      reseal(directory);
    },
    refused: "document",
    says: /screenshots\.json is not what its schema says/,
  },
];

function find<T>(all: readonly T[], which: (one: T) => boolean): T {
  const found = all.find(which);
  if (found === undefined) throw new Error("the sample has no such thing");
  return found;
}

function seen({ results }: Results, side: "target" | "control", through: boolean): void {
  const { attack } = find(results, ({ id }) => id === "sample.link");
  Object.assign(attack?.[side] ?? {}, { through });
}

/** Changes the results, counts anew, and signs everything with the key of whoever made it. */
function judgeAgain(directory: string, change: (results: Results) => void): void {
  edit<Results>(directory, BUNDLE_FILES.results, (results) => {
    change(results);
    Object.assign(results, count(results));
  });
  const { results, passed, failed } = read<Results>(directory, BUNDLE_FILES.results);
  const executed = results.map(({ id }) => id);
  edit<Manifest>(directory, BUNDLE_FILES.manifest, (manifest) => Object.assign(manifest, { executed, passed, failed }));
  reseal(directory);
}

function count({ results }: Results) {
  const failed = results.filter(({ verdict }) => verdict === "failed").length;
  return { passed: results.length - failed, failed };
}

function reseal(directory: string, state = findPlaces().state): void {
  const { schema: _, files: __, ...claims } = read<Manifest>(directory, BUNDLE_FILES.manifest);
  sealBundle(directory, claims, state);
}

function read<T>(directory: string, file: string): T {
  return JSON.parse(readFileSync(join(directory, file), "utf8")) as T;
}

function edit<T>(directory: string, file: string, change: (content: T) => unknown): void {
  const content = read<T>(directory, file);
  change(content);
  writeFileSync(join(directory, file), `${JSON.stringify(content)}\n`);
}
