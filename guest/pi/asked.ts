import { realpathSync } from "node:fs";
import { posix } from "node:path";
import type { ToolCall } from "pi/core/extensions/loader.js";
import type { TaskFacts } from "../../runtime/protocol/facts.ts";
import { findCommands, Unreadable } from "./shell/commands.ts";
import { KINDS, permissionsOf } from "./shell/permission.ts";

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

/** Every word of a command line that may name a file. */
function wordsOf(command: string): string[] {
  try {
    return findCommands(command).flatMap(({ words, files, input }) => [
      ...[...words, ...files].flatMap(({ text }) => [
        text,
        ...text.split("=").slice(1),
        ...text.split(/[{},:]/),
        text.slice(2),
      ]),
      // A program, or a text for another shell: of it, whatever is written as a path.
      ...[...words.map(({ text }) => text), ...input]
        .filter((text) => /\s|["'(]/.test(text))
        .flatMap((text) => text.split(/[\s"'`;|&<>()=,:{}]+/))
        .filter((piece) => /[/.]/.test(piece)),
    ]);
  } catch (error) {
    if (error instanceof Unreadable) return []; // which is asked for already
    throw error;
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(posix.resolve("/work", path));
  } catch {
    return undefined;
  }
}
