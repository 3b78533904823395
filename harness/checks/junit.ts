import type { CheckResult } from "../../runtime/api/bundle.ts";

/** The results of a run as other tools read them. */
export function toJunit(suite: string, results: readonly CheckResult[]): string {
  const failures = results.filter(({ verdict }) => verdict === "failed").length;
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3);
  const total = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const cases = results.map(({ id, claim, milliseconds, reason }) => {
    const group = id.split(".")[0] ?? id;
    const opening = `  <testcase classname="${text(`${suite}.${group}`)}" name="${text(`${id}: ${claim}`)}" time="${seconds(milliseconds)}"`;
    return reason === undefined
      ? `${opening}/>`
      : `${opening}>\n    <failure message="${text(reason.split("\n")[0] ?? "")}">${text(reason)}</failure>\n  </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${text(suite)}" tests="${results.length}" failures="${failures}" time="${seconds(total)}">`,
    ...cases,
    "</testsuite>\n",
  ].join("\n");
}

/** What XML can hold of a text: no control characters, no half of a surrogate pair. */
function text(value: string): string {
  return value
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
