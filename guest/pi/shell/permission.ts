import { posix } from "node:path";
import { findCommands, Unreadable, type Word } from "./commands.ts";

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
  /** /work is the task's outputs, since it has no folder */
  workIsOutputs: boolean;
  /** where a directory really is, behind every link; undefined where it is not there */
  real(directory: string): string | undefined;
}

/** The kinds of permission that a text for a shell needs. */
export function permissionsOf(text: string, outlook: Outlook): Set<Kind> {
  const found = new Set<Kind>();
  try {
    const commands = findCommands(text);
    const says = (word: RegExp) => commands.some(({ words }) => words.some(({ text }) => word.test(text)));
    const moves = says(/^(cd|pushd|-C|--chdir(=.*)?|-execdir|-okdir)$/);
    const relinks = commands.length > 1 && says(/^(.*\/)?(ln|cp|mv|tar|unzip|rsync|git|cpio|link|symlink)$/);
    for (const command of commands) judge(command.words, command.input, { ...outlook, moves, relinks }, found, 0);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    found.add("opaque");
  }
  return found;
}

/** `moves`: not all of it runs in /work. `relinks`: a part of it may put a link where another part goes through. */
type View = Outlook & { moves: boolean; relinks: boolean };
type Judge = (words: Word[], input: string[], view: View, found: Set<Kind>, depth: number) => void;

const DELETES = new Set(["rm", "rmdir", "unlink", "shred", "srm", "trash", "trash-put"]);
const MOVES = new Set(["mv", "rename", "prename", "file-rename", "perl-rename", "mmv"]);
/** They replace a file by another one under another name, unless they are told to keep it. */
const PACKS = new Set(
  "gzip gunzip pigz unpigz lzip pbzip2 bzip2 bunzip2 xz unxz lzma unlzma uncompress compress".split(" "),
);
/** They run the command that their words end with. */
const WRAPPERS = new Set(
  "sudo doas env nice ionice nohup time timeout stdbuf setsid xargs parallel command builtin exec watch busybox toybox chroot flock chronic unshare nsenter setpriv script strace ltrace coproc taskset chrt prlimit choom setarch linux32 linux64 x86_64 su runuser fakeroot then do else elif if while until function ! {".split(
    " ",
  ),
);
/** They give words with blanks in them to a shell. */
const TAKE_TEXT = new Set(["watch", "script", "parallel", "flock", "su", "runuser"]);
/** Files that are what comes by standard input. */
const INPUT = /^(-|\/dev\/stdin|\/dev\/fd\/\d+|\/proc\/(self|\d+)\/fd\/\d+)$/;
const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash", "rbash"]);
const INTERPRETERS = /^(python[\d.]*|pypy\d*|node|nodejs|deno|bun|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*)$/;
const INLINE = /^-(c|e|E|r|p|pe|ne|le|lne|lpe|ie|-eval|-print)$|^-\w*[ceE]$|^--(eval|print)(=|$)|^eval$/;
/** In a program's text: what removes or renames, runs something else, or hides what it does. */
const TELLING =
  /unlink|rmtree|rmdir|removedirs|\bremove\b|\brm(Sync)?\b|renam|\bmove\b|replace\s*\(|shutil|delete|subprocess|child_process|\bsystem\b|popen|\bspawn|\bexec|`|eval|__import__|import_module|importlib|getattr|globals|compile|\bqx\b|ctypes|syscall|truncate/i;

const judge: Judge = (words, input, view, found, depth) => {
  if (depth > 10) return void found.add("opaque");
  const [program, ...rest] = words.slice(words.findIndex(({ text }) => !/^\w+\+?=/.test(text)));
  if (program === undefined || words.every(({ text }) => /^\w+\+?=/.test(text))) return;
  if (!program.known || program.pattern) return void found.add("opaque");
  const name = posix.basename(program.text);
  const again = (inner: Word[]) => judge(inner, input, view, found, depth + 1);
  const text = (source: Word | undefined) => {
    if (source?.known !== true) return void found.add("opaque");
    for (const kind of permissionsOf(source.text, view)) found.add(kind);
  };

  if (DELETES.has(name)) return addUnlessInOutputs("delete", rest, view, found);
  if (MOVES.has(name)) return addUnlessInOutputs("move", rest, view, found);
  if (PACKS.has(name)) {
    const keeps = beforeEnd(rest).some(({ text }) =>
      /^(--(keep|stdout|to-stdout|test|list|version|help)|-[a-zA-Z0-9]*[cktlV][a-zA-Z0-9]*)$/.test(text),
    );
    if (!keeps && rest.some(({ text }) => !text.startsWith("-"))) addUnlessInOutputs("move", rest, view, found);
    return;
  }
  if (name === "eval" || name === "trap") {
    const said = rest[0]?.text === "--" ? rest.slice(1) : rest;
    if (name === "eval") return text(said.every(({ known }) => known) ? joined(said) : undefined);
    return said.length > 0 && said[0]?.text !== "-" ? text(said[0]) : undefined;
  }
  if (name === "source" || name === ".") return judgeSourced(rest[0], input, text, found);
  // A command under another name, or that runs by the way.
  if (name === "hash" && rest.some(({ text }) => /^-\w*p/.test(text))) return void found.add("opaque");
  if (/^(mapfile|readarray|compgen|complete)$/.test(name) && rest.some(({ text }) => /^-\w*C/.test(text)))
    return void found.add("opaque");
  if (name === "alias") return void (rest.length > 0 && found.add("opaque"));
  if (name === "git") return judgeGit(rest, view, found);
  if (name.startsWith("git-")) return judgeGit([{ ...program, text: name.slice(4) }, ...rest], view, found);
  if (name === "find" || name === "fd" || name === "fdfind") return judgeFind(rest, again, view, found);
  if (SHELLS.has(name)) return judgeShell(rest, input, text, found);
  if (INTERPRETERS.test(name)) return judgeProgram(rest, input, found);
  if (/^[mgn]?awk$/.test(name))
    return void (rest.some(({ text }) => /system|\||getline/.test(text)) && found.add("opaque"));
  if (name === "rsync" && rest.some(({ text }) => /^--(del|remove-source)/.test(text))) return void found.add("delete");
  if (
    (name === "tar" || name === "zip") &&
    rest.some(({ text }) => /^(--remove-\w*|--move|-\w*m\w*)$/.test(text) && (name === "zip" || text.startsWith("--")))
  )
    return void found.add("delete");
  if (TAKE_TEXT.has(name)) for (const word of rest) if (word.known && /\s/.test(word.text)) text(word);
  if (WRAPPERS.has(name)) return judgeWrapped(name, rest, again, found);
};

function joined(words: Word[]): Word {
  return { text: words.map(({ text }) => text).join(" "), known: true, pattern: false };
}

/** Whatever of the words could be the command is taken for it: their options are not known here. */
function judgeWrapped(name: string, rest: Word[], again: (words: Word[]) => void, found: Set<Kind>): void {
  if (name === "command" && /^-[vV]/.test(rest[0]?.text ?? "")) return;
  if (name === "env" && rest.some(({ text }) => /^(-\w*S|--split-string)/.test(text))) found.add("opaque");
  if (rest.length > 0 && rest.every(({ text, known }) => !known && !text.startsWith("-"))) found.add("opaque");
  let isCommand = true;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as Word;
    // The first that is neither an option nor a value like one is what runs; behind it, only what is dangerous by its name counts.
    if (isCommand && !/^(-|\d|\w+=)/.test(word.text)) {
      isCommand = false;
      again(rest.slice(at));
    } else if (word.known && !word.pattern && isTelling(posix.basename(word.text))) again(rest.slice(at));
  }
}

function isTelling(name: string): boolean {
  const named = [DELETES, MOVES, SHELLS, PACKS].some((names) => names.has(name));
  return named || INTERPRETERS.test(name) || /^(git(-.*)?|find|fd|fdfind|rsync|tar|zip|eval)$/.test(name);
}

/** Words that are options if they look like one. */
function beforeEnd(words: Word[]): Word[] {
  const end = words.findIndex(({ text }) => text === "--");
  return end === -1 ? words : words.slice(0, end);
}

/** The result of another command, or what comes by standard input. */
function isNoFile(word: Word | undefined): boolean {
  return word !== undefined && (INPUT.test(word.text) || (!word.known && word.text === ""));
}

function judgeSourced(
  file: Word | undefined,
  input: string[],
  text: (source: Word | undefined) => void,
  found: Set<Kind>,
): void {
  if (!isNoFile(file)) return;
  if (input.length === 0) found.add("opaque");
  for (const body of input) text({ text: body, known: body !== "\0", pattern: false });
}

function judgeShell(rest: Word[], input: string[], text: (source: Word | undefined) => void, found: Set<Kind>): void {
  const at = rest.findIndex(({ text }) => /^-\w*c\w*$/.test(text));
  if (at !== -1) {
    // Options may stand behind it, and values of options.
    let named = at + 1 + (rest[at]?.text.split("o").length ?? 1) - 1;
    for (; /^[-+]./.test(rest[named]?.text ?? ""); named++) {
      if (rest[named]?.text === "--") {
        named++;
        break;
      }
      if (/^[-+]\w*[oO]$/.test(rest[named]?.text ?? "")) named++;
    }
    return text(rest[named]);
  }
  // A script is a program like any other; what comes by standard input is part of this command.
  const script = rest.find(({ text }) => !/^[-+]/.test(text));
  if (script !== undefined && !isNoFile(script) && !rest.some(({ text }) => /^-\w*s\w*$/.test(text))) return;
  if (isHelp(rest)) return;
  if (input.length === 0) return void found.add("opaque");
  for (const body of input) text({ text: body, known: body !== "\0", pattern: false });
}

/** It says what it is, and does nothing: only in front, since behind an operand, or '--', the same may be a file. */
function isHelp(rest: Word[]): boolean {
  return /^--(help|version)$/.test(rest[0]?.text ?? "");
}

function judgeProgram(rest: Word[], input: string[], found: Set<Kind>): void {
  const at = rest.findIndex(({ text }) => INLINE.test(text));
  const codes = at === -1 ? [] : rest.slice(at);
  if (codes.some(({ text, known }) => !known || TELLING.test(text))) return void found.add("opaque");
  // Or right behind its option.
  if (rest.some(({ text }) => /^-[a-zA-Z]/.test(text) && TELLING.test(text))) return void found.add("opaque");
  if (at !== -1) return;
  const isFromInput =
    isNoFile(rest.find(({ text }) => !/^-./.test(text))) ||
    rest.every(({ text }) => text.startsWith("-") && !/^-(m|V|v|h)|^--\w/.test(text));
  if (!isFromInput) return;
  if (input.length === 0 || input.some((body) => body === "\0" || TELLING.test(body))) found.add("opaque");
}

function judgeFind(rest: Word[], again: (words: Word[]) => void, view: View, found: Set<Kind>): void {
  const begin = rest.findIndex(({ text }) => /^[-(!]/.test(text));
  const starts = begin === -1 ? rest : rest.slice(0, begin);
  if (
    rest.some(({ text }) => text === "-delete") &&
    !(starts.length > 0 && starts.every((word) => isInOutputs({ ...word, text: `${word.text}/x` }, view)))
  )
    found.add("delete");
  rest.forEach((word, at) => {
    const { text } = word;
    const [, joint] = /^(?:-[xX]|--exec(?:-batch)?=)(\w.*)$/.exec(text) ?? [];
    if (joint !== undefined) again([{ ...word, text: joint }, ...rest.slice(at + 1)]);
    if (/^(-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(text)) again(rest.slice(at + 1));
  });
}

function judgeGit(rest: Word[], view: View, found: Set<Kind>): void {
  let at = 0;
  while (rest[at]?.text.startsWith("-")) {
    const { text } = rest[at] as Word;
    const takesValue =
      /^(-C|-c|--git-dir|--work-tree|--namespace|--exec-path|--config-env|--attr-source|--super-prefix)$/.test(text);
    // A setting can be a command.
    if (text === "-c" || text.startsWith("--config-env") || text.startsWith("--exec-path=")) found.add("opaque");
    at += takesValue ? 2 : 1;
  }
  const command = rest[at];
  if (command === undefined) return;
  if (!command.known) return void found.add("opaque");
  const words = rest.slice(at + 1).map(({ text }) => text);
  const has = (pattern: RegExp) => words.some((word) => pattern.test(word));
  const options = beforeEnd(rest.slice(at + 1)).map(({ text }) => text);
  const isDry = options.some(
    (word, at) => /^(-n|--dry-run)$/.test(word) && !/^(-\w*e|--exclude)$/.test(options[at - 1] ?? ""),
  );
  if (command.text === "rm" || (command.text === "clean" && !isDry)) found.add("delete");
  if (command.text === "worktree" && words[0] === "remove") found.add("delete");
  if (command.text === "mv" && !isDry) addUnlessInOutputs("move", rest.slice(at + 1), view, found);
  const discards =
    (command.text === "checkout" && has(/^(--|-\w*f\w*|--fo.*|\.\/?|:\/|--ours|--theirs|-p|--patch)$/)) ||
    (command.text === "restore" && !(has(/^(--staged|-S)$/) && !has(/^(--wo.*|-\w*W\w*)$/))) ||
    (command.text === "reset" && has(/^--(h(ar?d?)?|m.*|k.*)$/)) ||
    (command.text === "stash" && !/^(list|show|apply|pop|branch|create)$/.test(words[0] ?? "")) ||
    (command.text === "switch" && has(/^(-\w*f\w*|--fo.*|--di.*)$/)) ||
    (command.text === "branch" && has(/^(-\w*[dD]\w*|--de.*)$/)) ||
    command.text === "filter-branch";
  if (discards) found.add("discard");
}

/** What happens in the task's outputs needs no permission. */
function addUnlessInOutputs(kind: Kind, rest: Word[], view: View, found: Set<Kind>): void {
  const end = rest.findIndex(({ text }) => text === "--");
  const isOption = ({ text }: Word, at: number) => text.startsWith("-") && text !== "-" && (end === -1 || at < end);
  const operands = rest.filter((word, at) => at !== end && !isOption(word, at));
  const hasPathInOption = rest.some((word, at) => isOption(word, at) && (word.text.includes("/") || !word.known));
  if (isHelp(rest)) return;
  if (hasPathInOption || operands.length === 0 || !operands.every((word) => isInOutputs(word, view))) found.add(kind);
}

function isInOutputs({ text, known, pattern }: Word, { workIsOutputs, moves, relinks, real }: View): boolean {
  if (!known || text === "" || (moves && !text.startsWith("/"))) return false;
  if (text.split("/").includes("..")) return false;
  const path = posix.resolve("/work", text);
  // With a slash at its end it is what a link leads to.
  const directory = /\/\.?$/.test(text) ? path : posix.dirname(path);
  // A pattern in the middle of a path may lead through a link.
  if (pattern && /[*?[]/.test(directory)) return false;
  const outputs = workIsOutputs ? ["/outputs", "/work"] : ["/outputs"];
  // Nobody can put a link where these are mounted.
  if (relinks && !outputs.includes(directory)) return false;
  // The name itself is what is removed; the way to it must not lead out.
  const place = real(directory);
  return place !== undefined && outputs.some((root) => place === root || place.startsWith(`${root}/`));
}
