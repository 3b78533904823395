/** On a line of its own in a page: any lines. Within a line: any characters. */
const ANYTHING = "…";

/**
 * What differs from run to run, and is compared by its kind alone. Each pattern needs its surroundings, so that no other
 * word or number of a line can pass for it.
 */
const MASKS: readonly [pattern: RegExp, kind: string][] = [
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z?/g, "<moment>"],
  // Six random characters end the id of a task; the words before them are its title's.
  [/^(task {2,}|[* ] {2,})([a-z0-9]+(?:-[a-z0-9]+)*)-[0-9a-hjkmnp-tv-z]{6}(?= |$)/g, "$1$2-<id>"],
  [/http:\/\/127\.0\.0\.1:\d{4,5}\/#[0-9a-f]+/g, "http://127.0.0.1:<port>/#<code>"],
  [/\bmachine-\d+\b/g, "<machine>"],
  [/\b\d+(\.\d+)? m?s\b/g, "<duration>"],
  [/\b\d+ (bytes|[KM]i?B)\b/g, "<size> $1"],
];

/** Progress, printed only where a command takes more than two seconds; pages do not show it. */
const PROGRESS = /^piwork: waiting: /;

function masked(line: string): string {
  return MASKS.reduce((text, [pattern, kind]) => text.replace(pattern, kind), line.trimEnd());
}

function lineMatches(shown: string, printed: string): boolean {
  const parts = masked(shown)
    .split(ANYTHING)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(masked(printed));
}

/** The first place where output is not as shown; undefined where all of it is. */
export interface Difference {
  /** index of the shown line that was not printed; the number of shown lines where more was printed than that */
  at: number;
  shown: string | undefined;
  printed: string | undefined;
}

/** Compares line by line. `mayGoOn` is for a program that still runs: more may follow what is shown. */
export function compare(
  shown: readonly string[],
  everything: readonly string[],
  { mayGoOn = false } = {},
): Difference | undefined {
  const printed = everything.filter((line) => !PROGRESS.test(line));
  // How many printed lines the shown ones may stand for so far: more than one number after a line that is `…` alone.
  let reached = [0];
  for (const [at, line] of shown.entries()) {
    const [nearest = 0] = reached;
    const next =
      line.trim() === ANYTHING
        ? Array.from({ length: printed.length - nearest + 1 }, (_, more) => nearest + more)
        : reached.flatMap((from) => {
            const candidate = printed[from];
            return candidate !== undefined && lineMatches(line, candidate) ? [from + 1] : [];
          });
    if (next.length === 0)
      return { at, shown: line, printed: closest(line, printed.slice(nearest), reached.length > 1) };
    reached = next;
  }
  if (mayGoOn || reached.includes(printed.length)) return undefined;
  return { at: shown.length, shown: undefined, printed: printed[reached.at(-1) ?? 0] };
}

/** The printed line to set beside one that was shown: the next, or after `…` the one that shares the longest beginning with it. */
function closest(line: string, printed: readonly string[], isAnywhere: boolean): string | undefined {
  if (!isAnywhere) return printed[0];
  const shared = (other: string) => [...other].findIndex((character, at) => character !== line[at]);
  return printed.toSorted((one, other) => shared(other) - shared(one))[0];
}
