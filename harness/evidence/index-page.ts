import { writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { BUNDLE_FILES } from "../../runtime/api/bundle.ts";
import { isGenuine, type Verification, verifyBundle } from "../../runtime/evidence/verify.ts";
import { clock, duration, page, text } from "./report/markup.ts";
import { STYLE } from "./report/style.ts";

/** Verifies each of these bundles now, and writes one page that links them all. */
export function writeIndex(file: string, bundles: readonly string[], key: string | undefined): Verification[] {
  const verified = bundles.map((directory) => verifyBundle(directory, key));
  writeFileSync(file, renderIndex(verified, dirname(file)));
  return verified;
}

/** The bundles as one page, their addresses as seen from where it will lie. */
export function renderIndex(verified: readonly Verification[], from: string): string {
  const believed = verified.filter(({ refusal }) => refusal === null);
  const failed = verified.filter(({ refusal }) => refusal?.kind === "failed");
  const others = verified.length - believed.length - failed.length;
  const isGood = verified.length > 0 && believed.length === verified.length;
  const words = [
    `${believed.length} of ${verified.length} bundles passed and are what was signed`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(others > 0 ? [`${others} are not believed`] : []),
  ];
  const verdict = `<div class="banner ${isGood ? "good" : "bad"}"><b>${isGood ? "Passed" : "Failed"}</b><span>${words.join("; ")}.</span></div>`;
  const head =
    "<thead><tr><th>suite</th><th>verdict</th><th>began</th><th>took</th><th>commit</th><th>verified</th></tr></thead>";
  const rows = verified.map((one) => row(one, from)).join("\n");
  const body = `<h1>Piwork evidence</h1>\n${verdict}\n<div class="card"><table>${head}<tbody>${rows}</tbody></table></div>
<p class="soft">Verified means: every file is the one that was signed, the checks that ran are those that were to run, their verdicts
follow from what was seen, and every attack has a control where it gets through, or says why not. <code>npx piwork verify RUN</code> asks again.</p>`;
  return page("Piwork evidence", STYLE, body);
}

function row(verification: Verification, from: string): string {
  const { directory, manifest, verifiedAt, refusal } = verification;
  const name = manifest?.suite ?? directory.split("/").at(-1) ?? "";
  const link = `<a href="${text(address(relative(from, join(directory, BUNDLE_FILES.report))))}">${text(name)}</a>`;
  const took =
    manifest?.finishedAt == null ? "" : duration(Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt));
  const commit =
    manifest?.commit == null ? "unknown" : `${manifest.commit.slice(0, 12)}${manifest.clean ? "" : ", with changes"}`;
  const asked = isGenuine(verification)
    ? `<span class="good">✓</span> ${clock(verifiedAt)}`
    : `<span class="bad">refused</span> ${clock(verifiedAt)}: ${text(refusal?.says ?? "")}`;
  return `<tr><td class="number">${link}</td><td class="number">${verdictOf(verification)}</td><td class="number">${manifest === undefined ? "" : clock(manifest.startedAt)}</td><td class="number">${took}</td><td class="number">${text(commit)}</td><td>${asked}</td></tr>`;
}

/** A path as an address: whatever it is called it has no scheme, no question and no fragment. */
function address(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** What it says of itself counts only where it is believed. */
function verdictOf(verification: Verification): string {
  const { manifest, refusal } = verification;
  if (!isGenuine(verification) || manifest === undefined)
    return `<b class="bad">${refusal?.kind === "incomplete" ? "incomplete" : "none"}</b>`;
  const { passed, failed } = manifest;
  return failed > 0
    ? `<b class="bad">failed</b> ${failed} of ${passed + failed}`
    : `<b class="good">passed</b> ${passed}`;
}
