import { lstatSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { $ } from "zx";

// What somebody writes who has not thought of attacks: each attack on the host has to get through one of these, or it proves
// nothing.

/** From a root and what a caller named to a path; throws where even these refuse. */
export const NAIVE_PATHS = {
  /** believes everybody */
  joined: (root: string, named: string) => (isAbsolute(named) ? named : join(root, named)),
  /** looks at the text */
  prefix(root: string, named: string) {
    const path = resolve(root, named);
    if (!path.startsWith(root)) throw new Error("outside");
    return path;
  },
  /** looks where it leads, and goes there by name afterwards */
  realpath(root: string, named: string) {
    const path = resolve(root, named);
    if (!realpathSync(path).startsWith(`${realpathSync(root)}/`)) throw new Error("outside");
    return path;
  },
  /** checks first and decodes afterwards */
  decoded(root: string, named: string) {
    if (named.split("/").includes("..")) throw new Error("outside");
    return join(root, decodeURIComponent(named));
  },
  /** is kind to those who come from elsewhere */
  backslashes: (root: string, named: string) => join(root, named.replaceAll("\\", "/")),
  /** removes what is dangerous, once */
  cleaned: (root: string, named: string) => join(root, named.replaceAll("../", "")),
  /** ends texts where C does */
  cut: (root: string, named: string) => join(root, (named.split("\0")[0] as string).replace(/\.txt$/, ".txt")),
  /** takes blanks and control characters for typing errors */
  trimmed(root: string, named: string) {
    if (named.split("/").includes("..")) throw new Error("outside");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    return join(root, named.replace(/[\s\u0000-\u001f]/g, ""));
  },
  /** makes full-width dots what they look like */
  normalized(root: string, named: string) {
    if (named.includes("..")) throw new Error("outside");
    return join(root, named.normalize("NFKC"));
  },
  /** knows what `~` means */
  home: (root: string, named: string, outside: string) =>
    named.startsWith("~") || named.startsWith("$HOME") ? named.replace(/^(~|\$HOME)/, outside) : join(root, named),
  url: (root: string, named: string) => (named.startsWith("file:") ? fileURLToPath(named) : join(root, named)),
} as const;
/** A naive twin, named by its way from a root and a name to a path, or by what it does. */
export type NaiveTwin = keyof typeof NAIVE_PATHS | "find" | "tool" | "beginnings";

/** What a bounded answer can be told from. */
const ENOUGH_BYTES = 16 * 1024 * 1024;

/** A whole file, however long it is. In a process of its own: who waits for a pipe or a terminal is never rid of it. */
export async function naivePreview(path: string, signal: AbortSignal): Promise<string> {
  const reading = $({ stdio: ["ignore", "pipe", "ignore"], nothrow: true })`exec head -c ${ENOUGH_BYTES} ${path}`;
  signal.addEventListener("abort", () => reading.child?.kill("SIGKILL"));
  return (await buffer(reading.stdout)).toString("latin1");
}

/** Names, and what they lead to. */
export function naiveList(path: string): string {
  return readdirSync(path)
    .map((name) => {
      try {
        const { size, mtimeMs } = statSync(join(path, name));
        return `${name} ${size} ${Math.floor(mtimeMs / 1000)}`;
      } catch {
        return name;
      }
    })
    .join("\n");
}

/** Every file of a directory, as who shows a folder with the beginnings of its files. */
export async function naiveListWithBeginnings(path: string, signal: AbortSignal): Promise<string> {
  const texts = await Promise.all(
    readdirSync(path).map((name) => naivePreview(join(path, name), signal).catch(() => "")),
  );
  return texts.join("\n");
}

/** Writes where the name leads. In a process of its own, as above. */
export async function naiveImport(path: string, content: string, signal: AbortSignal): Promise<string> {
  const writing = $({ stdio: ["pipe", "ignore", "ignore"], nothrow: true })`exec tee -- ${path}`;
  signal.addEventListener("abort", () => writing.child?.kill("SIGKILL"));
  writing.stdin.on("error", () => {}); // it has ended before it read, and its code says so
  writing.stdin.end(content);
  if ((await writing.exitCode) !== 0) throw new Error("it could not be written");
  return "imported";
}

/** Makes a folder somebody's own: who has it reads what is in it. */
export function naiveBind(path: string): string {
  if (!statSync(path).isDirectory()) throw new Error("no directory");
  return `${naiveList(path)}\n${readIfThere(join(path, "secret.txt"))}`;
}

/** Finds a task by its id, as an object's property. */
export function naiveFind(known: object, id: string): string {
  const found: unknown = (known as Record<string, unknown>)[id || Object.keys(known)[0] || ""];
  if (found === undefined) throw new Error("no such task");
  return "found";
}

/** Lists a task's directory with the tool for it. */
export function naiveTool(directory: string, id: string): string {
  return $.sync({ cwd: directory, stdio: ["ignore", "pipe", "ignore"] })`ls ${id}`.stdout;
}

/** A realpath check, then the file by its name: the race that everybody writes. */
export function checkThenRead(root: string, path: string): string {
  if (!realpathSync(path).startsWith(`${root}/`)) throw new Error("outside");
  return readFileSync(path, "latin1");
}

export function checkThenList(root: string, path: string): string {
  if (!realpathSync(path).startsWith(`${root}/`)) throw new Error("outside");
  return readdirSync(path).join("\n");
}

/** Names without links, then what they lead to. */
export function listThenStat(path: string): string {
  return readdirSync(path)
    .filter((name) => !lstatSync(join(path, name)).isSymbolicLink())
    .map((name) => `${name} ${statSync(join(path, name)).size}`)
    .join("\n");
}

export function checkThenIdentify(root: string, path: string): string {
  if (!realpathSync(path).startsWith(`${root}/`)) throw new Error("outside");
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

export function checkThenWrite(root: string, path: string, name: string): void {
  if (!realpathSync(path).startsWith(`${root}/`)) throw new Error("outside");
  writeFileSync(join(path, name), "imported");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
