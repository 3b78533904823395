import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Screenshot, type Screenshots, screenshot } from "../../runtime/api/screenshots.ts";
import { REPOSITORY } from "../../runtime/state/places.ts";
import { baselineFile, readBaseline, writeBaseline } from "./baseline.ts";
import type { Capture } from "./capture.ts";
import { type Comparison, compare, sizeOf, THRESHOLD } from "./compare.ts";

/** Where a person looks for the last picture of each name. */
const SHOWN = join(REPOSITORY, "tmp/dev");

export interface AlbumOptions {
  /** the directory of the run's evidence */
  directory: string;
  drawnWith: Pick<Screenshots, "browser" | "fonts">;
  /** takes what is seen as what is to be seen from now on */
  accepts: boolean;
  /** other places, for tests */
  shown?: string;
  baselines?: string;
}

/** A verdict, and what to tell a person about it. */
export interface Judged extends Pick<Screenshot, "verdict" | "differing"> {
  words: string;
}

/** The pictures of one run, each judged by its baseline and left as evidence. */
export class Album {
  readonly #options: Required<Omit<AlbumOptions, "baselines">> & { baselines: string | undefined };
  readonly #screenshots: Screenshot[] = [];

  constructor(options: AlbumOptions) {
    this.#options = { shown: SHOWN, baselines: undefined, ...options };
    mkdirSync(this.#options.shown, { recursive: true });
  }

  get accepts(): boolean {
    return this.#options.accepts;
  }

  /** Judges a picture, and keeps it with what it was compared with. */
  add(name: string, { png, masks }: Capture): Judged {
    const { accepts, baselines } = this.#options;
    const baseline = readBaseline(name, baselines);
    const { judged, difference } = judge(name, png, baseline);
    // What has nothing in it is never what is to be seen.
    if (accepts && judged.verdict !== "same" && judged.verdict !== "blank") {
      writeBaseline(name, png, baselines);
      judged.words = `${judged.words}; accepted`;
      judged.verdict = "accepted";
    }
    const keep = (suffix: string, file: Buffer | undefined) => this.#keep(`${name}${suffix}.png`, file);
    const entry = {
      scene: name,
      capture: `${name}.png`,
      ...sizeOf(png),
      threshold: THRESHOLD,
      masks,
      verdict: judged.verdict,
      differing: judged.differing,
      baseline: keep(".baseline", baseline),
      difference: keep(".diff", difference),
    };
    this.#screenshots.push(screenshot.parse(entry));
    keep("", png);
    this.#write();
    return judged;
  }

  #keep(file: string, content: Buffer | undefined): string | null {
    const { directory, shown } = this.#options;
    if (content !== undefined) writeFileSync(join(directory, file), content);
    if (file.endsWith(".baseline.png")) return content === undefined ? null : file;
    // A difference of an earlier run would be taken for one of this.
    if (content === undefined) rmSync(join(shown, file), { force: true });
    else writeFileSync(join(shown, file), content);
    return content === undefined ? null : file;
  }

  #write(): void {
    const { directory, drawnWith } = this.#options;
    const written: Screenshots = { schema: 1, ...drawnWith, screenshots: this.#screenshots };
    writeFileSync(join(directory, "screenshots.json"), `${JSON.stringify(written, null, 2)}\n`);
  }
}

function judge(name: string, png: Buffer, baseline: Buffer | undefined): { judged: Judged; difference?: Buffer } {
  // Compared with itself, a picture can only be blank.
  const found: Comparison = compare(png, baseline ?? png);
  const file = baselineWords(name);
  if (found.verdict === "blank")
    return { judged: { verdict: "blank", differing: null, words: `it is ${found.words}` } };
  if (baseline === undefined)
    return { judged: { verdict: "no baseline", differing: null, words: `there is no ${file}; ${howToAccept(name)}` } };
  if (found.verdict === "size")
    return { judged: { verdict: "size", differing: null, words: `it is ${found.words} (${file})` } };
  const { differing } = found;
  if (found.verdict === "same") return { judged: { verdict: "same", differing, words: `as ${file}: 0 pixels differ` } };
  const share = ((differing / found.of) * 100).toFixed(3);
  const words = `${differing} of ${found.of} pixels (${share} %) are not as in ${file}; tmp/dev/${name}.diff.png shows which, ${howToAccept(name)}`;
  return { judged: { verdict: "different", differing, words }, difference: found.difference };
}

function baselineWords(name: string): string {
  return relative(REPOSITORY, baselineFile(name));
}

function howToAccept(name: string): string {
  return `'npx mise run test-screenshot ${name} --update' accepts what is seen`;
}
