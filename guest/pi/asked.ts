import { realpathSync } from "node:fs";
import { posix } from "node:path";
import type { ToolCall } from "pi/core/extensions/loader.js";
import type { TaskFacts } from "../../runtime/protocol/facts.ts";
import { KINDS, permissionsOf } from "./permission.ts";

/** What of a tool call needs permission, each in the words of its question. */
export function whatIsAsked({ toolName, input }: ToolCall, { folder, places, ask }: TaskFacts): string[] {
  const command = typeof input["command"] === "string" ? input["command"] : undefined;
  const path = typeof input["path"] === "string" ? input["path"] : undefined;
  const asked: string[] = [];
  if (command !== undefined)
    for (const kind of permissionsOf(command, { workIsOutputs: folder === null && places.length > 0, real }))
      asked.push(KINDS[kind]);
  const touched = [...(path === undefined ? [] : [path]), ...(command === undefined ? [] : wordsOf(command))];
  for (const marked of ask) {
    if (marked === toolName) asked.push(`use the tool ${toolName}`);
    else if (touched.some((one) => isMarked(one, marked) || isMarked(real(one) ?? one, marked)))
      asked.push(`use ${marked}`);
  }
  return asked;
}

/** Whether a path, or a directory that it is in, or something in it, has a name that is marked. */
function isMarked(path: string, pattern: string): boolean {
  // As pi reads it: other blanks are blanks.
  const plainly = path.replace(/^@/, "").replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ");
  const relative = posix.relative("/work", posix.resolve("/work", plainly));
  const plain = pattern.split(/[*?]/)[0] ?? "";
  return expressionFor(pattern).test(relative) || (relative !== "" && plain.startsWith(`${relative}/`));
}

/** `**` stands for any names, `*` and `?` for characters of one. */
function expressionFor(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*|\*|\?/g, (sign) => (sign === "**" ? ".*" : sign === "*" ? "[^/]*" : "[^/]"));
  return new RegExp(`^${source}(/|$)`, "s");
}

/** Every piece of a command line that may name a file: what stands between quotes, and between blanks and the shell's signs. */
function wordsOf(command: string): string[] {
  const pieces = command.split(/[\s"'`;|&<>()=,:{}]+/);
  const quoted = command.match(/'[^']+'|"[^"]+"/g) ?? [];
  // A value may follow its option without a blank.
  return [...pieces, ...pieces.map((piece) => piece.slice(2)), ...quoted.map((text) => text.slice(1, -1))];
}

function real(path: string): string | undefined {
  try {
    return realpathSync(posix.resolve("/work", path));
  } catch {
    return undefined;
  }
}
