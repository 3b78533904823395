import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../runtime/state/places.ts";

/** A command of a page, and the output that the page shows below it. */
export interface Command {
  page: string;
  /** of the command; the shown lines follow it, one line each */
  line: number;
  text: string;
  /** undefined in `sh` blocks, which show commands alone */
  shown: string[] | undefined;
}

/** A fenced block of a page. */
export interface Block {
  page: string;
  /** of the opening fence */
  line: number;
  language: string;
  commands: Command[];
}

/** The fenced blocks of a page, from the repository. */
export function readBlocks(page: string): Block[] {
  return parseBlocks(page, readFileSync(join(REPOSITORY, page), "utf8"));
}

export function parseBlocks(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; lines: string[]; fence: string } | undefined;
  for (const [at, text] of markdown.split("\n").entries()) {
    const [, fence, language = ""] = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(text) ?? [];
    if (open === undefined) {
      if (fence !== undefined) open = { line: at + 1, language, lines: [], fence };
    } else if (fence === open.fence && language === "") {
      const { line, lines } = open;
      const read = open.language === "console" ? readConsole : open.language === "sh" ? readScript : () => [];
      blocks.push({ page, line, language: open.language, commands: read(page, line + 1, lines) });
      open = undefined;
    } else open.lines.push(text);
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: this block has no end`);
  return blocks;
}

/** Lines that begin with `$ ` are commands; the lines below each are what it prints. */
function readConsole(page: string, first: number, lines: readonly string[]): Command[] {
  const commands: Command[] = [];
  for (const [at, line] of lines.entries()) {
    const last = commands.at(-1);
    if (line.startsWith("$ ") && !isAgents(line, last))
      commands.push({ page, line: first + at, text: line.slice(2), shown: [] });
    else if (last?.shown === undefined) throw new Error(`${page}:${first + at}: output stands before any command`);
    else last.shown.push(line);
  }
  return commands;
}

/** An agent's own steps begin with `$ ` as well: after a prompt, only npm and npx begin the next command. */
function isAgents(line: string, last: Command | undefined): boolean {
  return last !== undefined && /^npx piwork prompt /.test(last.text) && !/^\$ np[mx] /.test(line);
}

/** Every line is a command, but comments and empty lines. */
function readScript(page: string, first: number, lines: readonly string[]): Command[] {
  return lines.flatMap((line, at) =>
    /^\s*(#|$)/.test(line) ? [] : [{ page, line: first + at, text: line.trim(), shown: undefined }],
  );
}
