import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../runtime/state/places.ts";

const DIRECTORY = join(REPOSITORY, "suites/baselines");

/** `suites/baselines/NAME.png`: how a scene is to look. */
export function baselineFile(name: string, directory = DIRECTORY): string {
  return join(directory, `${name}.png`);
}

/** The accepted picture of a scene; undefined where none was accepted yet. */
export function readBaseline(name: string, directory?: string): Buffer | undefined {
  const file = baselineFile(name, directory);
  return existsSync(file) ? readFileSync(file) : undefined;
}

export function writeBaseline(name: string, png: Buffer, directory = DIRECTORY): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(baselineFile(name, directory), png);
}
