import { posix } from "node:path";

/** What a command line needs permission for, in the words of the question. */
export const KINDS = {
  delete: "delete files",
  move: "move or rename files",
  discard: "discard changes with git",
  opaque: "run what cannot be looked into",
} as const;
type Kind = keyof typeof KINDS;

/** What must be known of the task's directories to judge a path. */
export interface Outlook {
  /** /work is the task's outputs, since the task has no folder */
  workIsOutputs: boolean;
  /** where a directory really is, behind every symlink; undefined where there is none */
  real(directory: string): string | undefined;
}

const GIT = "^git(?: -[Cc] \\S+| --?\\S+)* ";
/** One command each: the program's name without its directory, and its words with one blank between them. */
const RULES: readonly [Kind, RegExp][] = [
  ["delete", /^(rm|rmdir|unlink|shred|trash|trash-put)( |$)/],
  ["delete", /^(find|fd|fdfind) (.* )?-delete( |$)/],
  ["delete", /^(rsync|tar) .*--(del|remove-)/],
  ["delete", new RegExp(`${GIT}(rm|worktree remove|clean(?!.* (-n|--dry-run)( |$)))( |$)`)],
  ["move", /^(mv|rename|prename)( |$)/],
  ["move", new RegExp(`${GIT}mv `)],
  ["discard", new RegExp(`${GIT}(checkout|switch) (.* )?(--|\\.|-f|--force|--discard-changes)( |$)`)],
  [
    "discard",
    new RegExp(`${GIT}(restore(?!.* (--staged|-S)( |$))|reset .*--hard|branch (.* )?-[dD]|filter-branch)( |$)`),
  ],
  ["discard", new RegExp(`${GIT}stash(?! (list|show|apply|pop|branch))`)],
  ["opaque", /^eval( |$)/],
];
/** A command whose program comes from a variable or another command, and a shell or interpreter that reads its program from a pipe. */
const HIDDEN_PROGRAM =
  /(^|[\n;&|])\s*"?(\$[\w({]|`(?!`))|\|\s*(sudo\s+)?(\w*sh|python[\d.]*|node|perl|ruby|php)(\s+-s?)?\s*($|[\n;&|)])/;
const INLINE_PROGRAM =
  /\b[gmn]?awk\s|\b(python[\d.]*|node|deno|bun|perl|ruby|php)\b[^\n;&|]*(\s-\w*[ceE]|\s--eval|<<|\s-\s)/;
/** In a program's text: what removes or renames, or runs something else. */
const DANGEROUS =
  /unlink|rmtree|rmdir|\bremove|\brm(Sync)?\b|renam|\bmove\b|delete|subprocess|system|popen|spawn|exec|eval/i;
/** Words before a program's name: the shell's own, programs that run another one, their options and numbers, and variables. */
const BEFORE_PROGRAM =
  /^(then|do|else|elif|if|while|until|time|sudo|doas|env|nice|nohup|timeout|xargs|exec|busybox|-.*|\d.*|\w+=.*)$/;

/**
 * The kinds of permission that a text for a shell needs. The text is split into commands wherever one may begin, within quotes as
 * well, so a text that is only printed may be asked for too. No wall: a program that is not named here runs unasked.
 */
export function permissionsOf(text: string, outlook: Outlook): Set<Kind> {
  const found = new Set<Kind>();
  const isElsewhere = /\b(cd|pushd)\b|\s-C|--chdir|-execdir/.test(text);
  for (const words of commandsOf(text)) {
    const command = words.join(" ");
    for (const [kind, pattern] of RULES)
      if (pattern.test(command) && (kind === "discard" || !isInOutputs(words.slice(1), outlook, isElsewhere)))
        found.add(kind);
  }
  if (HIDDEN_PROGRAM.test(text) || (INLINE_PROGRAM.test(text) && DANGEROUS.test(text))) found.add("opaque");
  return found;
}

/** The commands of a text, each with its program's name and its words. */
function commandsOf(text: string): string[][] {
  return text
    .replace(/\\\n/g, " ")
    .replace(/(['"])([^\s'"`$;&|(){}<>]*)\1/g, "$2") // quotes around one plain word
    .replace(/[\d&]?>{1,2}&?\s*[^\s;&|]+/g, " ") // redirections
    .replaceAll("\\", "")
    .split(/[\n;&|(){}`'"!]|\s(?:-exec|-execdir|-ok|-x|-X)\s/)
    .map((command) => {
      const words = command.split(/\s+/).filter((word) => word !== "");
      const at = words.findIndex((word) => !BEFORE_PROGRAM.test(word));
      return at === -1 ? [] : [posix.basename(words[at] ?? ""), ...words.slice(at + 1)];
    });
}

/** Nothing is asked for what happens in the task's outputs alone. */
function isInOutputs(words: readonly string[], { workIsOutputs, real }: Outlook, isElsewhere: boolean): boolean {
  const outputs = workIsOutputs ? ["/outputs", "/work"] : ["/outputs"];
  const isIn = (word: string) => {
    if (/[$~]|\.\./.test(word) || (isElsewhere && !word.startsWith("/"))) return false;
    const path = posix.resolve("/work", word);
    // The name itself is what is removed; with a slash behind it, it is what a symlink leads to.
    const directory = /\/\.?$/.test(word) ? path : posix.dirname(path);
    const place = /[*?[]/.test(directory) ? undefined : real(directory);
    return place !== undefined && outputs.some((root) => place === root || place.startsWith(`${root}/`));
  };
  const operands = words.filter((word) => !word.startsWith("-"));
  return operands.length > 0 && operands.every(isIn) && !words.some((word) => /^-.*\//.test(word));
}
