/** A word of a command line, without its quotes. `known`: the shell makes exactly this of it, and no pattern is in it. */
export interface Word {
  text: string;
  known: boolean;
  /** it is expanded to names of files, and to nothing else */
  pattern: boolean;
}

/** A command with its words, and what is given to it on its standard input in the text itself. */
export interface Command {
  words: Word[];
  input: string[];
  /** where it reads from and writes to */
  files: Word[];
}

export class Unreadable extends Error {}

/** Levels of commands within commands; nobody writes more. */
const DEEPEST = 20;

/** Every command that a text for a shell has, those within substitutions, functions and loops too, in no order that matters. */
export function findCommands(text: string, depth = 0): Command[] {
  if (depth > DEEPEST) throw new Unreadable("too many levels of commands");
  return new Reader(text, depth).read();
}

const SEPARATORS = ";&|\n()";
const BLANK = " \t";

class Reader {
  readonly #text: string;
  readonly #depth: number;
  #at = 0;
  readonly #found: Command[] = [];
  #current: Command = { words: [], input: [], files: [] };
  /** here-documents whose text begins behind the next line break */
  #awaited: { end: string; quoted: boolean; indented: boolean; of: Command }[] = [];

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  read(): Command[] {
    while (this.#at < this.#text.length) this.#step();
    if (this.#awaited.length > 0) throw new Unreadable("a here-document without its text");
    this.#endCommand();
    return this.#found;
  }

  #step(): void {
    const char = this.#text[this.#at] as string;
    if (BLANK.includes(char)) this.#at++;
    else if (char === "\\" && this.#text[this.#at + 1] === "\n") this.#at += 2;
    else if (char === "#") this.#skipComment();
    else if (this.#readRedirection()) return;
    else if (SEPARATORS.includes(char)) {
      this.#at++;
      this.#endCommand();
      if (char === "\n") this.#readHereDocuments();
    } else this.#current.words.push(this.#readWord());
  }

  #endCommand(): void {
    const { words, input, files } = this.#current;
    if (words.length + input.length + files.length > 0) this.#found.push(this.#current);
    this.#current = { words: [], input: [], files: [] };
  }

  #skipComment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  /** Where a file is read or written is no word of the command; what the text itself gives to it is kept. */
  #readRedirection(): boolean {
    const rest = this.#text.slice(this.#at, this.#at + 24);
    const [found, operator] = /^(?:\d+|&)?(<<<|<<-?|<>|>>|>\||[<>]&?|&>>?)/.exec(rest) ?? [];
    if (found === undefined || operator === undefined) return false;
    // A command in place of a file is a word, or part of one.
    if (/^[<>]$/.test(operator) && this.#text[this.#at + found.length] === "(") return false;
    this.#at += found.length;
    while (BLANK.includes(this.#text[this.#at] ?? "x")) this.#at++;
    const from = this.#at;
    const word = this.#readWord();
    if (operator === "<<<") this.#current.input.push(word.known ? word.text : "\0");
    else if (operator.startsWith("<<")) {
      if (!word.known) throw new Unreadable("the end of a here-document is not as it is written");
      const quoted = /['"\\]/.test(this.#text.slice(from, this.#at));
      this.#awaited.push({ end: word.text, quoted, indented: operator === "<<-", of: this.#current });
    } else this.#current.files.push(word);
    return true;
  }

  #readHereDocuments(): void {
    for (const { end, quoted, indented, of } of this.#awaited) {
      const lines: string[] = [];
      for (;;) {
        if (this.#at >= this.#text.length) throw new Unreadable("a here-document without its end");
        let line = this.#readLine();
        // A line that goes on is one with the next, also where that makes it the end.
        while (!quoted && /(?<!\\)(?:\\\\)*\\$/.test(line) && this.#at < this.#text.length)
          line = line.slice(0, -1) + this.#readLine();
        if ((indented ? line.replace(/^\t+/, "") : line) === end) break;
        lines.push(line);
      }
      const body = lines.join("\n");
      of.input.push(body);
      if (!quoted) this.#descendInto(body);
    }
    this.#awaited = [];
  }

  #readLine(): string {
    const stop = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, stop === -1 ? this.#text.length : stop);
    this.#at = stop === -1 ? this.#text.length : stop + 1;
    return line;
  }

  #readWord(): Word {
    const word: Word = { text: "", known: true, pattern: false };
    const from = this.#at;
    for (;;) {
      const char = this.#text[this.#at];
      if ((char === "<" || char === ">") && this.#text[this.#at + 1] === "(") {
        this.#readSubstitution(2, word);
        continue;
      }
      if (char === undefined || BLANK.includes(char) || SEPARATORS.includes(char) || char === "<" || char === ">")
        break;
      this.#at++;
      if (char === "'") word.text += this.#until("'");
      else if (char === '"') this.#readDoubleQuoted(word);
      else if (char === "\\") this.#readEscaped(word);
      else if (char === "$" || char === "`") this.#readExpansion(char, word);
      else {
        // Patterns become names of files; braces, and a tilde in front, become other words.
        if ("*?".includes(char) || (char === "[" && /^[^\s\]]+\]/.test(this.#text.slice(this.#at))))
          word.pattern = true;
        if (char === "{" && /^[^}\s]*(,|\.\.)/.test(this.#text.slice(this.#at))) word.known = false;
        if (char === "~" && word.text === "") word.known = false;
        word.text += char;
      }
    }
    if (this.#at === from) throw new Unreadable("a word is missing");
    return word;
  }

  #readEscaped(word: Word): void {
    const next = this.#text[this.#at++];
    if (next !== undefined && next !== "\n") word.text += next;
  }

  #readDoubleQuoted(word: Word): void {
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined) throw new Unreadable("a quote is not closed");
      if (char === '"') return;
      if (char === "\\") {
        const next = this.#text[this.#at++] ?? "";
        word.text += '"\\$`'.includes(next) ? next : next === "\n" ? "" : `\\${next}`;
      } else if (char === "$" || char === "`") this.#readExpansion(char, word, true);
      else word.text += char;
    }
  }

  /** What follows is a text for a shell, up to the bracket that closes it. */
  #readSubstitution(opening: number, word: Word): void {
    word.known = false;
    const inner = new Reader(this.#text, this.#depth + 1);
    inner.#at = this.#at + opening;
    this.#found.push(...inner.#readToBracket());
    this.#at = inner.#at;
  }

  #readToBracket(): Command[] {
    if (this.#depth > DEEPEST) throw new Unreadable("too many levels of commands");
    for (let level = 1; ; ) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new Unreadable("a bracket is not closed");
      if (char === "(") level++;
      if (char === ")") level--;
      if (level === 0) break;
      this.#step();
      // Its patterns end with brackets that were never opened.
      if (this.#current.words.some(({ text }) => text === "case")) throw new Unreadable("a case in a substitution");
    }
    this.#at++;
    if (this.#awaited.length > 0) throw new Unreadable("a here-document without its text");
    this.#endCommand();
    return this.#found;
  }

  /** What stands up to the brace that closes the one before: only one behind a dollar opens another. */
  #readBraced(isQuoted: boolean): void {
    const scratch: Word = { text: "", known: true, pattern: false };
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined) throw new Unreadable("a brace is not closed");
      if (char === "}") return;
      if (char === "\\") this.#at++;
      else if (char === "'") {
        // Between double quotes it depends on what stands before whether it is one.
        if (isQuoted) throw new Unreadable("a quote between braces between quotes");
        this.#until("'");
      } else if (char === '"') this.#readDoubleQuoted(scratch);
      else if (char === "$" || char === "`") this.#readExpansion(char, scratch, isQuoted);
      else if ((char === "<" || char === ">") && this.#text[this.#at] === "(") this.#readSubstitution(1, scratch);
    }
  }

  #readExpansion(char: "$" | "`", word: Word, isQuoted = false): void {
    while (char === "$" && this.#text.startsWith("\\\n", this.#at)) this.#at += 2;
    const next = this.#text[this.#at] ?? "";
    if (char === "`") {
      word.known = false;
      this.#descend(this.#until("`").replace(/\\([\\`$])/g, "$1"));
    } else if (next === "(") {
      // Arithmetic is read as commands too: it may hold some.
      this.#readSubstitution(1, word);
    } else if (next === "{") {
      word.known = false;
      this.#at++;
      if (/^[\s|]/.test(this.#text.slice(this.#at, this.#at + 1))) throw new Unreadable("commands between braces");
      this.#readBraced(isQuoted);
    } else if (next === "'" && !isQuoted) {
      // Its escapes can spell anything.
      this.#at++;
      const inner = this.#untilEscaped("'");
      if (inner.includes("\\")) word.known = false;
      word.text += inner;
    } else if (/[\w@*#?$!-]/.test(next)) {
      word.known = false;
      word.text += char;
    } else word.text += next === '"' && !isQuoted ? "" : char;
  }

  #until(end: string): string {
    const from = this.#at;
    for (; this.#text[this.#at] !== end; this.#at++) {
      if (this.#at >= this.#text.length) throw new Unreadable("a quote is not closed");
      if (end === "`" && this.#text[this.#at] === "\\") this.#at++;
    }
    return this.#text.slice(from, this.#at++);
  }

  #untilEscaped(end: string): string {
    const from = this.#at;
    for (; this.#text[this.#at] !== end; this.#at++) {
      if (this.#at >= this.#text.length) throw new Unreadable("a quote is not closed");
      if (this.#text[this.#at] === "\\") this.#at++;
    }
    return this.#text.slice(from, this.#at++);
  }

  #descend(inner: string): void {
    this.#found.push(...findCommands(inner, this.#depth + 1));
  }

  /** Only the substitutions of a text that is no command itself. */
  #descendInto(text: string): void {
    this.#found.push(...new Reader(text, this.#depth + 1).readSubstitutions());
  }

  readSubstitutions(): Command[] {
    if (this.#depth > DEEPEST) throw new Unreadable("too many levels of commands");
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++] as string;
      if (char === "\\") this.#at++;
      else if (char === "$" || char === "`") this.#readExpansion(char, { text: "", known: true, pattern: false }, true);
    }
    return this.#found;
  }
}
