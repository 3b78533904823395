import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `NAME.png`: how a scene is to look. */
export function baselineFile(directory: string, name: string): string {
  return join(directory, `${name}.png`);
}

/** The accepted picture of a scene; undefined where none was accepted yet. */
export function readBaseline(directory: string, name: string): Buffer | undefined {
  const file = baselineFile(directory, name);
  return existsSync(file) ? readFileSync(file) : undefined;
}

export function writeBaseline(directory: string, name: string, png: Buffer): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(baselineFile(directory, name), png);
}
