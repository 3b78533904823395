import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { REPOSITORY } from "../../runtime/places.ts";

const DIRECTORY = join(REPOSITORY, "suites/baselines");

/** What a picture was drawn with. */
const drawnWith = z.strictObject({ browser: z.string(), fonts: z.array(z.string()) });
export type DrawnWith = z.infer<typeof drawnWith>;

/** `suites/baselines/NAME.png`, how a scene is to look, and `NAME.json`, what drew it. */
export interface Baseline {
  png: Buffer;
  drawnWith: DrawnWith;
}

export function baselineFile(name: string, directory = DIRECTORY): string {
  return join(directory, `${name}.png`);
}

/** The accepted picture of a scene; undefined where none was accepted yet. */
export function readBaseline(name: string, directory = DIRECTORY): Baseline | undefined {
  const picture = baselineFile(name, directory);
  if (!existsSync(picture)) return undefined;
  const notes: unknown = JSON.parse(readFileSync(join(directory, `${name}.json`), "utf8"));
  return { png: readFileSync(picture), drawnWith: drawnWith.parse(notes) };
}

export function writeBaseline(name: string, { png, drawnWith }: Baseline, directory = DIRECTORY): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(baselineFile(name, directory), png);
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(drawnWith, null, 2)}\n`);
}

/** Says what draws otherwise than at the time of a baseline; undefined where all of it is the same. */
export function otherDrawing(then: DrawnWith, now: DrawnWith): string | undefined {
  if (then.browser !== now.browser) return `by ${then.browser}; this is ${now.browser}`;
  const onlyOf = (one: DrawnWith, other: DrawnWith) =>
    one.fonts.filter((font) => !other.fonts.includes(font)).map((font) => font.replace(/(sha256:\w{8})\w+/, "$1…"));
  const [gone, come] = [onlyOf(then, now), onlyOf(now, then)];
  if (gone.length + come.length === 0) return undefined;
  return `with other fonts: ${gone.join(", ") || "none"}; here are instead: ${come.join(", ") || "none"}`;
}
