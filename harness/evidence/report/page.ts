import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLE_FILES, type CheckResult, type Environment } from "../../../runtime/api/bundle.ts";
import { screenshots } from "../../../runtime/api/screenshots.ts";
import type { Claims } from "../seal.ts";
import { checkList, isDead } from "./checks.ts";
import { environmentCard } from "./environment.ts";
import { clock, duration, page, text } from "./markup.ts";
import { pictures } from "./pictures.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** What a suite has to show beside its checks. */
export interface ReportPart {
  style: string;
  body: string;
}

export interface Reported {
  directory: string;
  claims: Claims;
  environment: Environment;
  results: readonly CheckResult[];
  /** as of now: it may still be running */
  own: ReportPart | undefined;
}

/** A run as one page, for a person who decides whether to trust it. It opens from disk, and asks nobody for anything. */
export function renderReport({ directory, claims, environment, results, own }: Reported): string {
  const body = [
    `<h1>Piwork ${text(claims.suite)}</h1>`,
    banner(claims),
    facts(claims),
    tiles(claims, results),
    environmentCard(environment),
    own?.body ?? "",
    picturesOf(directory),
    filters(results),
    checkList(results),
    missing(claims),
  ];
  return page(`Piwork ${claims.suite} ${claims.startedAt}`, STYLE + (own?.style ?? ""), body.join("\n"), SCRIPT);
}

function banner({ finishedAt, passed, failed, expected, executed }: Claims): string {
  const all = `${executed.length} of ${expected.length} checks ran`;
  if (finishedAt === null)
    return `<div class="banner bad"><b>Incomplete</b><span>The run still goes on, or did not come to its end: ${all}, ${failed} failed. It proves nothing.</span></div>`;
  if (executed.length === 0) return '<div class="banner bad"><b>Failed</b><span>Nothing was checked.</span></div>';
  if (failed > 0)
    return `<div class="banner bad"><b>Failed</b><span>${failed} of ${passed + failed} checks.</span></div>`;
  return `<div class="banner good"><b>Passed</b><span>${passed === 1 ? "The one check that was" : `All ${passed} checks that were`} to run.</span></div>`;
}

function facts({ run, commit, clean, command, startedAt, finishedAt }: Claims): string {
  const changed =
    clean === false ? ", with changes" : clean === null ? ", nobody knows whether changed" : ", unchanged";
  const took = finishedAt === null ? "not finished" : duration(Date.parse(finishedAt) - Date.parse(startedAt));
  const rows: [string, string][] = [
    ["started", clock(startedAt)],
    ["took", took],
    ["commit", commit === null ? "unknown" : `${commit.slice(0, 12)}${changed}`],
    ["again", command],
    ["check this bundle", `npx piwork verify tmp/dev/runs/${run}`],
  ];
  return `<ul class="facts">${rows.map(([name, value]) => `<li>${name} <b>${text(value)}</b></li>`).join("")}</ul>`;
}

function tiles({ failed }: Claims, results: readonly CheckResult[]): string {
  const attacks = results.filter(({ attack }) => attack !== undefined);
  const count = (words: string, number: number, isBad = false) =>
    `<div class="${isBad && number > 0 ? "bad" : ""}"><b>${number}</b>${words}</div>`;
  const ofAttacks = [
    count("attacks", attacks.length),
    count("got through", attacks.filter(({ attack }) => attack?.target?.through === true).length, true),
    count(
      "with a control where they get through",
      attacks.filter(({ attack }) => attack?.control?.through === true).length,
    ),
    count("without one, and say why", attacks.filter(isDead).length),
  ];
  return `<div class="tiles">${count("checks", results.length)}${count("failed", failed, true)}${attacks.length === 0 ? "" : ofAttacks.join("")}</div>`;
}

function picturesOf(directory: string): string {
  const file = join(directory, BUNDLE_FILES.screenshots);
  return existsSync(file) ? pictures(directory, screenshots.parse(JSON.parse(readFileSync(file, "utf8")))) : "";
}

function filters(results: readonly CheckResult[]): string {
  const has = (which: (result: CheckResult) => boolean) => results.some(which);
  const kinds: [string, string][] = [
    ["", "All"],
    ["failed", "Failed"],
    ...(has(({ attack }) => attack !== undefined) ? [["attack", "Attacks"] as [string, string]] : []),
    ...(has(isDead) ? [["dead", "Without control"] as [string, string]] : []),
  ];
  const buttons = kinds.map(
    ([value, words]) => `<button type="button" value="${value}" aria-pressed="${value === ""}">${words}</button>`,
  );
  return `<h2>Checks</h2>\n<div class="filters" hidden><input type="search" aria-label="Show checks with these words" placeholder="id or words">${buttons.join("")}</div>`;
}

/** What a run that was ended did not come to. */
function missing({ expected, executed, finishedAt }: Claims): string {
  const ran = new Set(executed);
  const others = finishedAt === null ? expected.filter((id) => !ran.has(id)) : [];
  if (others.length === 0) return "";
  return `<details class="part"><summary>Not run<span class="soft">${others.length} checks</span></summary><p>${others.map((id) => `<code>${text(id)}</code>`).join(", ")}</p></details>`;
}
