import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { CANARY, filesWith, filesWithCanary } from "../../harness/evidence/canary.ts";
import { findPlaces } from "../../runtime/state/places.ts";
import type { Samples } from "./refusals.ts";
import type { Sample } from "./sample.ts";

/** Keys get into no bundle, wherever they were put. */
export function secrets({ runs, bundles }: Samples, sample: Sample): Check[] {
  return [
    {
      id: "evidence.canary-planted",
      claim: "the runtimes of the suites have a key in their environment, and one was told it besides",
      async run() {
        const { environment, status } = sample;
        assert.equal(environment.split("\0").includes(`PIWORK_PROVIDER_KEY=${CANARY}`), true, "it is not there");
        assert.equal(status.includes(CANARY), true, "the runtime does not know it");
      },
    },
    {
      id: "evidence.no-canary",
      claim: "no byte of any bundle of this run has that key; where it is put in on purpose, it is found",
      async run() {
        const searched = [...bundles, sample.directory];
        const found = searched.flatMap((bundle) => filesWithCanary(bundle).map((file) => join(bundle, file)));
        assert.deepEqual(found, []);
        const copy = mkdtempSync(join(runs, "canary-"));
        cpSync(sample.directory, copy, { recursive: true });
        const forms = {
          "plain.log": `before ${CANARY} after`,
          "encoded-0.log": Buffer.from(CANARY).toString("base64"),
          "encoded-1.log": Buffer.from(`x${CANARY}`).toString("base64"),
          "encoded-2.log": Buffer.from(`xx${CANARY}`).toString("base64"),
        };
        for (const [name, content] of Object.entries(forms)) writeFileSync(join(copy, name), content);
        assert.deepEqual(filesWithCanary(copy).sort(), Object.keys(forms).sort());
        return { searched: searched.length };
      },
    },
    {
      id: "evidence.redacted",
      claim: "logs, results and dumps of a runtime that was told a key say that one stood there",
      async run() {
        for (const file of ["piwork.log", "results.json", "results.jsonl", "state.after.json", "report.html"])
          assert.match(readFileSync(join(sample.directory, file), "utf8"), /\[redacted\]/, file);
      },
    },
    {
      id: "evidence.key-private",
      claim: "the key that signs is readable by its user alone, and in no bundle",
      async run() {
        const path = join(findPlaces().state, "evidence-key.pem");
        assert.equal((statSync(path).mode & 0o777).toString(8), "600");
        const secret = readFileSync(path, "utf8").split("\n")[1] ?? "";
        assert.match(secret, /^[A-Za-z0-9+/]{40,}/);
        const holds = (directory: string) => filesWith(directory, [secret]);
        assert.deepEqual([...bundles, sample.directory].flatMap(holds), []);
      },
    },
  ];
}
