import { createHash, randomBytes, randomInt } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { $ } from "zx";

/** Directory of a task's in which the shell of the machine's root finds its scripts. */
export const ROOT_SHELL = ".root";

/** A random word that nobody but the harness knows; whoever shows it has seen where it was put. */
export type Token = string;

/** What is larger is not read; none of ours is. */
const CONTENT_BYTES = 1024 * 1024;

/** What there is to protect around one attacker, on the host, with canaries in it. All of it is known before an attack and looked at after it. */
export class World {
  /** the workspace root */
  readonly workspace: string;
  /** a directory of the host that no task has anything to do with */
  readonly outside: string;
  readonly tokens = new Map<string, Token>();
  /** names of those that belong to the attacker's machine, whose root has them */
  readonly #ofMachine = new Set<string>();
  /** directories of the host that nobody may change, beside the folders of the workspace */
  readonly #kept: string[] = [];
  readonly #memory = new Map<string, Kept>();

  constructor(directory: string, workspace: string) {
    this.workspace = workspace;
    this.outside = join(directory, "outside");
    this.build();
  }

  /** The attacker's own folder. */
  get own(): string {
    return join(this.workspace, "own");
  }

  /** Makes everything as it should be; once. */
  build(): void {
    for (const name of ["own", "other", "own2", "third"]) mkdirSync(join(this.workspace, name), { recursive: true });
    mkdirSync(this.outside, { recursive: true });
    this.#file(join(this.workspace, "other/secret.txt"), "other's file");
    this.#file(join(this.workspace, "own2/secret.txt"), "file of a folder with the same beginning");
    this.#file(join(this.workspace, "root.txt"), "file of the workspace root");
    this.#file(join(this.outside, "secret.txt"), "file outside of the workspace");
    mkdirSync(join(this.workspace, "other/deep/er"), { recursive: true });
    this.#file(join(this.workspace, "other/deep/er/secret.txt"), "other's deep file");
    // Names, link targets, sizes and times are secrets as well.
    writeFileSync(join(this.workspace, "other", `name-${this.token("name of other's file")}`), "");
    symlinkSync(`/nowhere/${this.token("target of other's link")}`, join(this.workspace, "other/link"));
    const time = this.#number("time of other's file", 1_000_000_000, 1_600_000_000);
    utimesSync(join(this.workspace, "other/secret.txt"), time, time);
    writeFileSync(join(this.workspace, "other/sized.txt"), "");
    truncateSync(
      join(this.workspace, "other/sized.txt"),
      this.#number("size of other's file", 100_000_000, 999_999_999),
    );
  }

  /** From now on this directory is one that nobody may change. */
  keep(directory: string): void {
    this.#kept.push(directory);
  }

  /** What there is now is what `restore` makes again. */
  remember(): void {
    this.#memory.clear();
    for (const path of this.#protected()) this.#memory.set(path, take(path));
  }

  /** Takes back what an attack has changed. Directories that are mounted somewhere stay the same ones. */
  restore(): void {
    const strangers = this.#protected().filter((path) => !this.#memory.has(path));
    for (const path of strangers.reverse()) remove(path);
    for (const [path, kept] of this.#memory) put(path, kept);
    // Directories last: putting things into them has changed their times.
    for (const [path, { mode, isDirectory, time }] of this.#memory) {
      if (isDirectory) chmodSync(bytes(path), mode);
      if (isDirectory) utimesSync(bytes(path), time, time);
    }
  }

  /** A text that is secret without our doing. */
  know(name: string, text: string): void {
    if (text.length < 8) throw new Error(`${name}: '${text}' is too short to be told from anything else`);
    this.tokens.set(name, text);
  }

  /** The same of the attacker's machine. */
  knowOfMachine(name: string, text: string): void {
    this.know(name, text);
    this.#ofMachine.add(name);
  }

  /** A token of the attacker's machine. */
  tokenOfMachine(name: string): Token {
    this.#ofMachine.add(name);
    return this.token(name);
  }

  /** Those of these canaries that belong to others than the attacker's machine. */
  strangers(names: readonly string[]): string[] {
    return names.filter((name) => !this.#ofMachine.has(name));
  }

  /** The token with this name, made when it is first asked for. */
  token(name: string): Token {
    const known = this.tokens.get(name);
    if (known !== undefined) return known;
    const token = randomBytes(8).toString("hex");
    this.tokens.set(name, token);
    return token;
  }

  /** Names of the canaries that a text shows. */
  canariesIn(text: string): string[] {
    return [...this.tokens].filter(([, token]) => text.includes(token)).map(([name]) => name);
  }

  /** Canaries in anything that lies in the attacker's folder by now. */
  canariesInOwn(): string[] {
    const found = new Set<string>();
    for (const path of walk(this.own)) {
      const about = lstatSync(bytes(path));
      const text = about.isFile() && about.size < CONTENT_BYTES ? readFileSync(bytes(path), "latin1") : "";
      for (const name of this.canariesIn(`${relative(this.own, path)}\n${text}`)) found.add(name);
    }
    return [...found];
  }

  bytesOfOwn(): number {
    return [...walk(this.own)].reduce((sum, path) => sum + lstatSync(bytes(path)).size, 0);
  }

  emptyOwn(): void {
    for (const name of readdirSync(bytes(this.own), "latin1")) remove(`${this.own}/${name}`);
  }

  /** A line for everything outside of the attacker's folder: path, mode, owner, size, times, content. */
  picture(): string[] {
    const paths = this.#protected();
    return [...paths.map(describe), ...attributesOf(paths)];
  }

  /** Set-id files, devices, and files of somebody else in what the attacker can write. */
  strangeModes(): string[] {
    const { uid } = lstatSync(this.workspace);
    return [...walk(this.own)].flatMap((path) => {
      const about = lstatSync(bytes(path));
      const strange = (about.mode & 0o6000) !== 0 || about.isBlockDevice() || about.isCharacterDevice();
      return strange || about.uid !== uid ? [`${path} ${about.mode.toString(8)} of ${about.uid}`] : [];
    });
  }

  #protected(): string[] {
    return [this.workspace, this.outside, ...this.#kept].flatMap((root) =>
      [...walk(root)].filter(
        (path) =>
          path !== this.own &&
          !path.startsWith(`${this.own}/`) &&
          path !== this.workspace &&
          !`${path}/`.includes(`/${ROOT_SHELL}/`),
      ),
    );
  }

  #number(name: string, least: number, most: number): number {
    if (!this.tokens.has(name)) this.tokens.set(name, String(randomInt(least, most)));
    return Number(this.tokens.get(name));
  }

  #file(path: string, name: string): void {
    writeFileSync(path, `${this.token(name)}\n`);
  }
}

interface Kept {
  isDirectory: boolean;
  mode: number;
  time: Date;
  size: number;
  /** where a link leads */
  target?: string;
  content?: Buffer;
}

function take(path: string): Kept {
  const about = lstatSync(bytes(path));
  const { mode, size, mtime: time } = about;
  return {
    isDirectory: about.isDirectory(),
    mode: mode & 0o7777,
    size,
    time,
    ...(about.isSymbolicLink() ? { target: readlinkSync(bytes(path)) } : {}),
    // A larger one holds nothing.
    ...(about.isFile() && size <= CONTENT_BYTES ? { content: readFileSync(bytes(path)) } : {}),
  };
}

function put(path: string, kept: Kept): void {
  const now = lstatSync(bytes(path), { throwIfNoEntry: false });
  if (now?.isDirectory() && kept.isDirectory) return;
  const isSame = now !== undefined && JSON.stringify(take(path)) === JSON.stringify(kept) && now.nlink === 1;
  if (isSame) return;
  for (const below of now === undefined ? [] : [...walk(path)].reverse()) remove(below);
  if (kept.isDirectory) return void mkdirSync(bytes(path));
  if (kept.target !== undefined) return symlinkSync(kept.target, bytes(path));
  writeFileSync(bytes(path), kept.content ?? "");
  if (kept.content === undefined) truncateSync(bytes(path), kept.size);
  chmodSync(bytes(path), kept.mode);
  utimesSync(bytes(path), kept.time, kept.time);
}

/** A path as the bytes it has: tasks give names that are no text, and every byte is one character here. */
function bytes(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

function remove(path: string): void {
  if (!lstatSync(bytes(path)).isDirectory()) return unlinkSync(bytes(path));
  chmodSync(bytes(path), 0o700); // an ordinary user cannot look into every directory of its own
  for (const name of readdirSync(bytes(path), "latin1")) remove(`${path}/${name}`);
  rmdirSync(bytes(path));
}

function* walk(path: string): Generator<string> {
  yield path;
  if (!lstatSync(bytes(path)).isDirectory()) return;
  for (const name of readdirSync(bytes(path), "latin1").sort()) yield* walk(`${path}/${name}`);
}

function describe(path: string): string {
  const about = lstatSync(bytes(path));
  const { mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = about;
  // The time of its last change tells of attributes and links as well, and of what is too large to be read.
  const content = about.isSymbolicLink()
    ? readlinkSync(bytes(path))
    : about.isFile() && size <= CONTENT_BYTES
      ? createHash("sha256")
          .update(readFileSync(bytes(path)))
          .digest("hex")
      : "";
  return [path, mode.toString(8), uid, gid, size, mtimeMs, ctimeMs, nlink, content].join(" ");
}

/** Extended attributes and access lists, of which Node knows nothing; each byte of a name is said as one character. */
const LIST_ATTRIBUTES = `binmode STDOUT, ":utf8"; $/ = "\\0"; while (<STDIN>) { chomp; $names = "\\0" x 4096; $n = syscall(195, $_, $names, 4096);
for $name (split /\\0/, substr($names, 0, $n > 0 ? $n : 0)) { $value = "\\0" x 4096; $m = syscall(192, $_, $name, $value, 4096);
print "$_ $name=", unpack("H*", substr($value, 0, $m > 0 ? $m : 0)), "\\n" } }`;

function attributesOf(paths: readonly string[]): string[] {
  const input = bytes(paths.join("\0"));
  return $.sync({ input })`perl -e ${LIST_ATTRIBUTES}`.stdout.split("\n").filter(Boolean);
}
