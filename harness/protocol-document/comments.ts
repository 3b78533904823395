import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../runtime/state/places.ts";

/**
 * The one-line comments before the fields of one declaration, by field. `path` leads from a declaration of the file inwards.
 * Reads the text, whose indentation the formatter guarantees.
 */
export function remarks(file: string, ...path: string[]): Map<string, string> {
  let lines = schemaSource(file).split("\n");
  for (const name of path) if (lines.length > 0) lines = inside(lines, name, file);
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const words = /^ *\/\*\* (.+) \*\/$/.exec(line)?.[1];
    const next = lines[index + 1] ?? "";
    const field = /^ *(\w+)[:,]/.exec(next)?.[1];
    if (words !== undefined && field !== undefined && indentation(next) === indentation(lines[0] ?? ""))
      found.set(field, words);
  }
  return found;
}

/** The source of a module of schemas: of what crosses to the guest, or of what the control API returns. */
function schemaSource(file: string): string {
  const rooms = ["runtime/protocol", "runtime/api"].map((room) => join(REPOSITORY, room, `${file}.ts`));
  const found = rooms.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there are no schemas named ${file}`);
  return readFileSync(found, "utf8");
}

/** The lines between the one that begins a declaration or property and the one that ends it; none where they are the same. */
function inside(lines: string[], name: string, file: string): string[] {
  const begins = new RegExp(`^ *(?:export )?(?:const )?${name}(?: =|:)`);
  const outer = indentation(lines.find((line) => line !== "") ?? "");
  const start = lines.findIndex((line) => begins.test(line) && indentation(line) === outer);
  if (start === -1) throw new Error(`${file}.ts has no '${name}' where the protocol document looks for it`);
  const length = lines.slice(start + 1).findIndex((line) => line !== "" && indentation(line) <= outer);
  return lines.slice(start + 1, start + 1 + length);
}

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}
