import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Check } from "../../harness/checks/checks.ts";
import { renderIndex } from "../../harness/evidence/index-page.ts";
import { piwork } from "../../harness/runtimes/piwork.ts";
import { environment as environments, results as resultsFile } from "../../runtime/api/bundle.ts";
import { ownFingerprint } from "../../runtime/evidence/signature.ts";
import { isGenuine, verifyBundle } from "../../runtime/evidence/verify.ts";
import { findPlaces } from "../../runtime/state/places.ts";
import type { Samples } from "./refusals.ts";

const own = () => ownFingerprint(findPlaces().state);

/** What is as it was made is believed, and said to be what it is. */
export function believed({ runs, sample, failed, bundles }: Samples): Check[] {
  return [
    {
      id: "evidence.accepts",
      claim: "a bundle that nobody has altered is believed, and has what it is to have",
      async run() {
        assert.equal(verifyBundle(sample, own()).refusal, null);
        const read = (file: string) => JSON.parse(readFileSync(join(sample, file), "utf8"));
        const { runtimes, qemu, image, templates } = environments.parse(read("environment.json"));
        const [facts] = Object.values(runtimes);
        assert.match(facts?.acceleration?.reason ?? "", /\w+ \w+/, "the probe's answer");
        assert.match(facts?.qemu.flat().join(" ") ?? "", /-sandbox on.*virtserialport/, "QEMU's words");
        assert.match(qemu ?? "", /version \d/);
        assert.deepEqual(Object.keys(image?.files ?? {}).sort(), ["initramfs.cpio", "root.erofs", "vmlinux"]);
        assert.equal(
          templates.some(({ key }) => key.startsWith(facts?.template ?? "none")),
          true,
          "its template",
        );
        for (const when of ["before", "after"]) assert.equal(typeof read(`state.${when}.json`).schema, "number", when);
        assert.equal(resultsFile.parse(read("results.json")).results.length, 3);
        return { facts };
      },
    },
    {
      id: "evidence.accepts-all",
      claim: "every bundle that was made before in this run is what was signed",
      async run() {
        const verified = bundles.map((bundle) => verifyBundle(bundle, own()));
        for (const one of verified) assert.equal(isGenuine(one), true, `${one.directory}: ${one.refusal?.says}`);
        return { bundles: verified.map(({ manifest, refusal }) => `${manifest?.run}: ${refusal?.kind ?? "passed"}`) };
      },
    },
    {
      id: "evidence.command",
      claim:
        "piwork verify: 0 for what is believed, 1 for what is not, 2 for wrong usage; an unknown signer is refused",
      async run() {
        const verify = (...words: string[]) => piwork(["verify", ...words]);
        const [good, named, other, bad, empty, wrong] = await Promise.all([
          verify(sample),
          verify(sample, "--json", "--key", own() ?? "", "--state", mkdtempSync(join(runs, "state-"))),
          verify(sample, "--key", "0".repeat(64)),
          verify(failed),
          verify(sample, "--state", mkdtempSync(join(runs, "state-"))),
          verify(sample, "--key", "short"),
        ]);
        const codes = [good, named, other, bad, empty, wrong].map(({ code }) => code);
        assert.deepEqual(codes, [0, 0, 1, 1, 1, 2], JSON.stringify([good, named, other, bad, empty, wrong]));
        assert.equal((JSON.parse(named.stdout) as { ok: boolean }).ok, true);
        assert.match(good.stdout, /^verified .*\n {2}sample: 3 checks passed/);
        assert.match(other.stdout, /^REFUSED .*\n {2}signer: it is signed by/);
        assert.match(bad.stdout, /\n {2}failed: it is whole, and the run has failed: 1 of 2 checks/);
        assert.match(empty.stdout, /\n {2}signer: nothing was signed here yet/);
      },
    },
    {
      id: "evidence.index",
      claim:
        "the page that links bundles says of each whether it passed, and when it was verified or why it is refused",
      async run() {
        const shown = (...bundles: string[]) =>
          renderIndex(
            bundles.map((bundle) => verifyBundle(bundle, own())),
            runs,
          );
        const good = shown(sample);
        assert.match(good, /<b>Passed<\/b><span>1 of 1 bundles passed/);
        assert.match(good, new RegExp(`href="${basename(sample)}/report.html">sample</a>`));
        assert.match(good, /✓<\/span> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
        const none = mkdtempSync(join(runs, "no-bundle-"));
        writeFileSync(join(none, "file"), "");
        const mixed = shown(sample, failed, none);
        assert.match(
          mixed,
          /<b>Failed<\/b><span>1 of 3 bundles passed and are what was signed; 1 failed; 1 are not believed/,
        );
        assert.match(mixed, /there is no manifest\.json/);
        assert.match(shown(), /<b>Failed<\/b>/, "nothing is no evidence");
      },
    },
  ];
}
