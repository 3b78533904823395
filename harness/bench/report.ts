import { inline, text } from "../evidence/report/markup.ts";
import type { ReportPart } from "../evidence/report/page.ts";
import type { BenchDocument } from "./document.ts";
import type { Finding } from "./figures.ts";
import { plotBreakdown, plotFigure, plotSeries } from "./plots.ts";
import { PLOT_STYLE } from "./style.ts";
import type { Judged } from "./targets.ts";
import { outcome, reachOf, withUnit } from "./wording.ts";

/** Everything that was measured, as a part of the run's report. */
export function figuresPart(document: BenchDocument): ReportPart {
  const { sections, targets } = document;
  const body = `<h2>Targets</h2>
<p class="soft">What the runtime is to reach. A target that is missed fails nothing: this is a measurement.</p>
<div class="card">${targetTable(targets)}</div>
${LEGEND}
<div class="sections">
${sections.map(sectionOf).join("\n")}
</div>`;
  return { style: PLOT_STYLE, body };
}

/** How to read the plots. */
const LEGEND = `<p class="legend">Each dot is a sample; none is left out. <span class="tick"></span>p50, <span class="tick dashed"></span>p95,
<span class="bad">×</span> a failed sample, which counts as slower than every other. Ways of one figure were taken in turn.</p>`;

function targetTable(targets: readonly Judged[]): string {
  const rows = targets.map((target) => {
    const mark = { reached: "good", missed: "bad", "not measured": "soft" }[target.verdict];
    const measured = target.measured === null ? "" : withUnit(target.measured, target.unit);
    return `<tr><td>${inline(target.step)}</td><td class="number soft">${reachOf(target)}</td><td class="number"><b>${measured}</b></td><td class="number ${mark}">${text(outcome(target))}</td></tr>`;
  });
  return `<table><thead><tr><th>step</th><th>reach</th><th>measured</th><th></th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function sectionOf({ name, describe, findings, failure }: BenchDocument["sections"][number]): string {
  const failed = failure === undefined ? "" : `<p class="bad">Not measured to its end: ${text(failure)}</p>`;
  const loads = findings.flatMap((one) => (one.kind === "figure" ? one.target.samples.map(({ load }) => load) : []));
  const load =
    loads.length === 0 ? "" : `; load average ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
  return `<section class="n${Math.min(3, Math.max(1, findings.length))}"><h2>${text(name)}</h2>
<p class="soft">${inline(describe)}${load}</p>
${failed}
<div class="cards">${findings.map(card).join("\n")}</div></section>`;
}

function card(finding: Finding): string {
  const plot =
    finding.kind === "figure"
      ? plotFigure(finding)
      : finding.kind === "series"
        ? plotSeries(finding)
        : plotBreakdown(finding);
  return `<div class="card"><h3>${inline(finding.describe)}<span class="id">${text(finding.id)}</span></h3>${plot}</div>`;
}
