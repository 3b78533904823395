import { inline, text } from "../evidence/report/markup.ts";
import type { Breakdown, Figure, Measurement, Series } from "./figures.ts";
import { totalOf } from "./phases.ts";
import { linear, type Scale, scaleFor, tickText } from "./scale.ts";
import { asRatio, withUnit } from "./wording.ts";

/** Width of a plot in its own units; about as many pixels on every screen, so that its text stays readable. */
const WIDTH = 380;
const STRIP_HEIGHT = 30;
/** Colours there are for phases and lines, `--c0` and on in the style. */
const COLOURS = 8;

/** Reasons of failures that are shown, and how much of each, in characters. */
const REASONS = 3;
const REASON_LENGTH = 300;

const svg = (height: number, label: string, content: string) =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${text(label)}">${content}</svg>`;
const place = (value: number) => value.toFixed(1);

/** Every sample of each way as a dot, with p50 and p95; all ways on one scale. */
export function plotFigure(figure: Figure): string {
  const ways: readonly (Measurement & { ratio?: number | null })[] = [figure.target, ...figure.alternatives];
  const scale = scaleFor(ways.flatMap(({ samples }) => samples.flatMap(({ value }) => value ?? [])));
  const rows = ways.map((way, at) => {
    const { p50, p95, max, taken, failed } = way.spread;
    const value = (name: string, of: number | null) => `<span>${name} <b>${withUnit(of, figure.unit)}</b></span>`;
    const count = `<span class="${failed === 0 ? "" : "bad"}">${taken} taken, ${failed} failed</span>`;
    const ratio = typeof way.ratio === "number" ? ` · the target is <b>${asRatio(way.ratio)}</b> this` : "";
    return `<div class="way ${at === 0 ? "target" : "other"}"><div class="name">${inline(way.describe)}</div>
<div class="numbers">${value("p50", p50)}${value("p95", p95)}${value("max", max)}</div>
<div class="numbers"><span>${count}${ratio}</span></div>${reasons(way)}${strip(way, scale)}</div>`;
  });
  return `${rows.join("\n")}\n${axis(scale, figure.unit)}`;
}

/** Why samples failed, each reason once. */
function reasons({ samples }: Measurement): string {
  const all = [...new Set(samples.flatMap(({ failure }) => failure ?? []))];
  const more = all.length > REASONS ? `<li>and ${all.length - REASONS} other reasons</li>` : "";
  const shown = all.slice(0, REASONS).map((reason) => `<li>${text(reason.slice(0, REASON_LENGTH))}</li>`);
  return all.length === 0 ? "" : `<ul class="reasons bad">${shown.join("")}${more}</ul>`;
}

/** Room at the right for failed samples, which are beyond the scale. */
const STRIP = WIDTH - 22;

function strip({ samples, spread, describe }: Measurement, scale: Scale): string {
  const x = (value: number) => place(6 + scale.at(value) * (STRIP - 12));
  const grid = scale.ticks.map(
    (tick) => `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${STRIP_HEIGHT}"/>`,
  );
  const dots = samples.map(({ value }, at) => {
    const y = place(6 + ((at * 7) % 19)); // spread out, the same way each time
    if (value === null) return `<text class="cross" x="${STRIP + 4 + ((at * 5) % 12)}" y="${Number(y) + 4}">×</text>`;
    return `<circle cx="${x(value)}" cy="${y}" r="2.4"/>`;
  });
  const marks = (["p50", "p95"] as const).flatMap((name) => {
    const value = spread[name];
    return value === null
      ? []
      : `<line class="${name}" x1="${x(value)}" x2="${x(value)}" y1="0" y2="${STRIP_HEIGHT}"/>`;
  });
  return svg(STRIP_HEIGHT, `${describe}: ${samples.length} samples`, [...grid, ...marks, ...dots].join(""));
}

function axis(scale: Scale, unit: string): string {
  const x = (value: number) => 6 + scale.at(value) * (STRIP - 12);
  const labels = scale.ticks.map((tick) => {
    const anchor = x(tick) < 14 ? "start" : x(tick) > STRIP - 14 ? "end" : "middle";
    return `<text x="${place(x(tick))}" y="10" text-anchor="${anchor}">${tickText(tick)}</text>`;
  });
  const name = `<text class="unit" x="${WIDTH}" y="22" text-anchor="end">${unit}${scale.logarithmic ? ", logarithmic" : ""}</text>`;
  return svg(26, `scale in ${unit}`, labels.join("") + name);
}

/** Cost along a count, a line for each way. */
export function plotSeries({ lines, unit, by, describe }: Series): string {
  const [left, bottom, top, height] = [38, 180, 20, 212];
  const points = lines.flatMap((line) => line.points);
  const across = linear(Math.max(1, ...points.map(({ at }) => at)));
  const up = linear(Math.max(0, ...points.flatMap(({ value }) => value ?? [])));
  const x = (at: number) => place(left + across.at(at) * (WIDTH - left - 12));
  const y = (value: number) => place(bottom - up.at(value) * (bottom - top));
  const rows = up.ticks.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${WIDTH - 12}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 5}" y="${Number(y(tick)) + 4}" text-anchor="end">${tickText(tick)}</text>`,
  );
  const columns = across.ticks.map(
    (tick) => `<text x="${x(tick)}" y="${bottom + 14}" text-anchor="middle">${tickText(tick)}</text>`,
  );
  const names = `<text x="${left - 5}" y="9" text-anchor="end">${unit}</text><text x="${WIDTH - 12}" y="${height - 3}" text-anchor="end">${text(by)}</text>`;
  const drawn = lines.map((line, colour) => {
    const known = line.points.map(({ at, value }) => (value === null ? null : { x: x(at), y: y(value) }));
    const path = known.map((to, at) => (to === null ? "" : `${known[at - 1] ? "L" : "M"}${to.x} ${to.y}`)).join("");
    const marks = line.points.map(({ at }, index) => {
      const to = known[index];
      if (!to) return `<text class="cross" x="${x(at)}" y="${top + 4}" text-anchor="middle">×</text>`;
      return `<circle class="f${colour % COLOURS}" cx="${to.x}" cy="${to.y}" r="1.8"/>`;
    });
    return `<path class="line s${colour % COLOURS}" d="${path}"/>${marks.join("")}`;
  });
  const legend = lines.map((line, at) => key(at, line.describe, endsOf(line.points, unit)));
  return `${svg(height, describe, [...rows, ...columns, names, ...drawn].join(""))}\n<ul class="keys">${legend.join("")}</ul>`;
}

function endsOf(points: Series["lines"][number]["points"], unit: Series["unit"]): string {
  const [first, last] = [points[0], points.at(-1)];
  const failed = points.filter(({ value }) => value === null).length;
  if (first === undefined || last === undefined) return "nothing";
  const ends = `${withUnit(first.value, unit)} for number ${first.at}, ${withUnit(last.value, unit)} for number ${last.at}`;
  return `${ends}; ${points.length} taken, ${failed} failed`;
}

function key(colour: number, name: string, value: string): string {
  return `<li><span class="swatch b${colour % COLOURS}"></span><b>${text(name)}</b> ${text(value)}</li>`;
}

/** One bar for each way, all on one scale; the same phase has the same colour in all. */
export function plotBreakdown({ bars, unit, describe }: Breakdown): string {
  const names = [...new Set(bars.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const longest = Math.max(0, ...bars.map(({ phases }) => totalOf(phases))) || 1;
  const drawn = bars.map((bar) => {
    let from = 0;
    const parts = bar.phases.map(({ name, value }) => {
      const width = (value / longest) * WIDTH;
      const part = `<rect class="f${names.indexOf(name) % COLOURS}" x="${place(from)}" width="${place(width)}" y="0" height="26"><title>${text(`${name} ${withUnit(value, unit)}`)}</title></rect>`;
      from += width;
      return part;
    });
    const keys = bar.phases.map(({ name, value }) => key(names.indexOf(name), name, withUnit(value, unit)));
    return `<div class="way"><div class="name">${text(bar.describe)}: <b>${withUnit(totalOf(bar.phases), unit)}</b></div>
${svg(26, `${describe}: ${bar.describe}`, parts.join(""))}<ul class="keys">${keys.join("")}</ul></div>`;
  });
  return drawn.join("\n");
}
