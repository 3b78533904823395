import { createHash } from "node:crypto";
import { closeSync, constants, createReadStream, createWriteStream, fstatSync, openSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import * as z from "zod";
import { $ } from "zx";
import { waitForLock } from "../../runtime/linux/flock.mjs";
import { findPlaces } from "../../runtime/state/places.ts";

/** The npm package that carries the browser. Its own code is not used: it unpacks to fixed names in /tmp. */
const PACKAGE = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..");
/** The files of the package that are used: the program, and the libraries it needs beside the C library, as `lib/*.so`. */
const PROGRAM = "chromium.br";
const LIBRARIES = "al2023.tar.br";
/** Says which files were unpacked, by their sha256. Written last. */
const MANIFEST = "files.json";
const manifest = z.record(z.string(), z.string());
/** Browsers that stay when another one is unpacked; each takes 215 MB. */
const BROWSERS_KEPT = 3;
/** Time that another process may take to unpack the browser, in seconds. */
const TURN_S = 300;

/** The browser on disk. */
export interface BrowserFiles {
  program: string;
  /** directory of the libraries that it is started with */
  libraries: string;
}

export interface BrowserOptions {
  /** directory of the npm package */
  source?: string;
  /** directory below which browsers are unpacked */
  cache?: string;
  say?: (words: string) => void;
}

let unpacked: Promise<BrowserFiles> | undefined;

/** The browser that the lock file pins, unpacked and whole. */
export function browserFiles(): Promise<BrowserFiles> {
  unpacked ??= unpackBrowser();
  return unpacked;
}

/**
 * Unpacks the browser into the user's cache unless it is there, and checks each file by its hash. One process at a time does so;
 * a browser becomes visible by a rename, when it is whole.
 */
export async function unpackBrowser({
  source = PACKAGE,
  cache = findPlaces().cache,
  say = console.log,
}: BrowserOptions = {}): Promise<BrowserFiles> {
  const directory = join(cache, "browsers");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const turn = await takeTurn(directory);
  try {
    await removeLeftovers(directory);
    const home = join(directory, await nameFor(source));
    if (!(await isWhole(home))) await unpack(source, home, say);
    const now = new Date();
    await utimes(join(home, MANIFEST), now, now);
    await removeOldest(directory, home);
    return { program: join(home, "chromium"), libraries: join(home, "lib") };
  } finally {
    closeSync(turn);
  }
}

/** Locks the directory, which must be ours: programs are run from it. */
async function takeTurn(directory: string): Promise<number> {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const { uid, mode } = fstatSync(fd);
  const isOurs = uid === process.getuid?.() && (mode & 0o022) === 0;
  if (isOurs && (await waitForLock(fd, { seconds: TURN_S }))) return fd;
  closeSync(fd);
  if (isOurs) throw new Error(`Another process has been unpacking a browser in ${directory} for over ${TURN_S} s.`);
  throw new Error(
    `${directory} belongs to another user, or others may write to it; the browser of the suites is not run from there. ` +
      "Remove it, or set XDG_CACHE_HOME to another directory.",
  );
}

/** A browser by its version and by what its archives contain. */
async function nameFor(source: string): Promise<string> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(source, "package.json"), "utf8")));
  const hash = createHash("sha256");
  for (const archive of [PROGRAM, LIBRARIES]) hash.update(await hashOf(join(source, "bin", archive)));
  return `chromium-${version}-${hash.digest("hex").slice(0, 16)}`;
}

async function unpack(source: string, home: string, say: (words: string) => void): Promise<void> {
  say("unpacking the browser of the lock file …");
  const started = performance.now();
  const partial = await mkdtemp(join(dirname(home), ".unpacking-"));
  const decompress = (archive: string, file: string) =>
    pipeline(
      createReadStream(join(source, "bin", archive)),
      createBrotliDecompress(),
      createWriteStream(join(partial, file)),
    );
  await Promise.all([decompress(PROGRAM, "chromium"), decompress(LIBRARIES, "libraries.tar")]);
  await chmod(join(partial, "chromium"), 0o700);
  await $({ cwd: partial, quiet: true })`tar --extract --no-same-owner --file libraries.tar`;
  await rm(join(partial, "libraries.tar"));
  const files = ["chromium", ...(await readdir(join(partial, "lib"))).map((name) => join("lib", name))];
  const hashes = await Promise.all(files.map(async (file) => [file, await hashOf(join(partial, file))] as const));
  await writeFile(join(partial, MANIFEST), JSON.stringify(Object.fromEntries(hashes)));
  await rm(home, { recursive: true, force: true }); // one that is not whole
  await rename(partial, home);
  say(`unpacked in ${((performance.now() - started) / 1000).toFixed(1)} s: ${home}`);
}

/** Whether a browser is there, each file as it was unpacked. */
async function isWhole(home: string): Promise<boolean> {
  const files = manifest.safeParse(readManifest(home)).data ?? {};
  const same = await Promise.all(
    Object.entries(files).map(async ([file, hash]) => (await hashOf(join(home, file)).catch(() => undefined)) === hash),
  );
  return same.length > 0 && same.every(Boolean);
}

function readManifest(home: string): unknown {
  try {
    return JSON.parse(readFileSync(join(home, MANIFEST), "utf8"));
  } catch {
    return undefined; // none, or half of one
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/** We have the lock: whatever is half unpacked belongs to a process that is no more. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith(".")) await rm(join(directory, name), { recursive: true, force: true });
}

/** Others than `kept`, whatever the clock said when they were used. */
async function removeOldest(directory: string, kept: string): Promise<void> {
  const homes = (await readdir(directory)).map((name) => join(directory, name)).filter((home) => home !== kept);
  const aged = await Promise.all(homes.map(async (home) => ({ home, time: await lastUse(home) })));
  const old = aged.sort((one, other) => other.time - one.time).slice(BROWSERS_KEPT - 1);
  for (const { home } of old) await rm(home, { recursive: true, force: true });
}

async function lastUse(home: string): Promise<number> {
  const found = await stat(join(home, MANIFEST)).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}
