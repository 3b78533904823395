import type { BundledSight, CheckResult } from "../../../runtime/api/bundle.ts";
import { duration, text } from "./markup.ts";

/** Characters of one text that a page shows; the bundle's own files have the rest. */
const LONGEST = 20_000;

/** What failed, open, and then the groups, closed: a thousand checks are read by looking for one. */
export function checkList(results: readonly CheckResult[]): string {
  const failed = results.filter(({ verdict }) => verdict === "failed");
  const passed = results.filter(({ verdict }) => verdict === "passed");
  const groups = [...new Set(passed.map(groupOf))];
  return [
    ...(failed.length === 0 ? [] : [part("Failed", failed, true)]),
    ...groups.map((group) =>
      part(
        group,
        passed.filter((result) => groupOf(result) === group),
        groups.length === 1 && passed.length < 30,
      ),
    ),
  ].join("\n");
}

/** A check whose control does not get through is no proof, and must be easy to find. */
export function isDead({ attack }: CheckResult): boolean {
  return attack?.control?.through === false;
}

function groupOf({ id }: CheckResult): string {
  return id.split(".")[0] ?? id;
}

function part(name: string, checks: readonly CheckResult[], isOpen: boolean): string {
  const time = duration(checks.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  const attacks = checks.filter(({ attack }) => attack !== undefined).length;
  const about = [counted(checks.length, "check"), ...(attacks > 0 ? [counted(attacks, "attack")] : []), time];
  return `<details class="part"${isOpen ? " open" : ""}><summary>${text(name)}<span class="soft">${about.join(" · ")}</span></summary>
${checks.map((check) => checkRow(check, name === "Failed" && checks.length <= 5)).join("\n")}</details>`;
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function checkRow(result: CheckResult, isOpen: boolean): string {
  const { id, claim, verdict, milliseconds, attack } = result;
  const kinds = [verdict, ...(attack === undefined ? [] : ["attack"]), ...(isDead(result) ? ["dead"] : [])];
  const badge = isDead(result) ? '<span class="badge soft">no control</span>' : "";
  const mark = verdict === "passed" ? '<span class="good">✓</span>' : '<span class="bad">✗</span>';
  return `<details class="check" data-kinds="${kinds.join(" ")}"${isOpen ? " open" : ""}><summary>${mark}<code>${text(id)}</code><span class="claim">${text(claim)}${badge}</span><span class="time">${duration(milliseconds)}</span></summary>
<div class="seen">${seen(result)}</div></details>`;
}

function seen({ reason, attack, evidence, logs = [] }: CheckResult): string {
  const blocks = [
    reason === undefined ? "" : block("why it failed", reason, "reason"),
    attack === undefined
      ? ""
      : `<div class="sides">${side("on the target", attack.target, false)}${side("on the control", attack.control, true)}</div><p class="soft">The oracle is “${text(attack.oracle)}”: it looks from outside of the attacker.</p>`,
    attack?.dead === undefined ? "" : `<p class="soft">Why the control does not get through: ${text(attack.dead)}</p>`,
    attack === undefined ? "" : block("what was tried", attack.tried),
    evidence === undefined || Object.keys(evidence).length === 0
      ? ""
      : block("what else was seen", evidenceWords(evidence)),
    ...logs.map(({ file, text: lines }) => block(`${file}, while it failed`, lines)),
  ];
  return blocks.join("") || '<p class="soft">It was looked at, and was so; nothing more was kept.</p>';
}

/** Getting through is what a control is for, and what a target must not let happen. */
function side(where: string, sight: BundledSight | null, isControl: boolean): string {
  if (sight === null) return `<div class="leak"><h4>${where}</h4>nobody saw what became of it</div>`;
  const { through, seen: words, cutOff, lost } = sight;
  const kind = isControl ? "through" : through ? "leak" : "held";
  const remarks = [...(cutOff ? ["cut off"] : []), ...(lost ? ["the machine was lost"] : [])];
  return `<div class="${kind}"><h4>${where}</h4><b class="${through && !isControl ? "bad" : through ? "" : isControl ? "soft" : "good"}">${through ? "got through" : "held"}</b>${remarks.length > 0 ? ` <span class="soft">(${remarks.join(", ")})</span>` : ""}: ${text(shorten(words))}</div>`;
}

/** Plain facts as lines, everything else as JSON. */
function evidenceWords(evidence: object): string {
  const lines = Object.entries(evidence).map(
    ([name, value]) =>
      `${name}: ${typeof value === "object" && value !== null ? JSON.stringify(value, null, 1) : value}`,
  );
  return lines.join("\n");
}

function block(title: string, content: string, kind = ""): string {
  return `<div class="block ${kind}"><h4>${text(title)}</h4><pre>${text(shorten(content.trimEnd()))}</pre></div>`;
}

function shorten(content: string): string {
  return content.length > LONGEST ? `${content.slice(0, LONGEST)}… (${content.length} characters)` : content;
}
