import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import { Swapper } from "../../../harness/attacks/swapper.ts";
import { type Check, Failed } from "../../../harness/checks/checks.ts";
import {
  checkThenIdentify,
  checkThenList,
  checkThenRead,
  checkThenWrite,
  listThenStat,
} from "../../../harness/controls/naive-files.ts";
import { openBeneath } from "../../../runtime/linux/open-beneath.ts";
import { identifyFolder, resolveFolder } from "../../../runtime/workspace/folder.ts";
import { listDirectory, previewFile } from "../../../runtime/workspace/listing.ts";
import { importUpload } from "../../../runtime/workspace/uploads.ts";

/** A race that was not run this often has proven nothing. */
const LEAST_SWAPS = 2_000;
export const LEAST_ATTEMPTS = 2_000;
/** Attempts between two looks at the other work of this process. */
const BATCH = 50;
/** A naive twin that has not lost by then does not. */
export const MOST_NAIVE_ATTEMPTS = 200_000;

const SECRET = "the secret of the outside";

/** A folder in which an attacker swaps things, beside what they must not reach. */
class Arena implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "piwork-race-"));
  readonly workspace = join(this.directory, "workspace");
  readonly own = join(this.workspace, "own");
  readonly outside = join(this.directory, "outside");
  readonly tasks = join(this.directory, "tasks");

  constructor() {
    for (const place of [join(this.own, "d/deep/er"), join(this.outside, "deep/er"), join(this.outside, "uploads")])
      mkdirSync(place, { recursive: true });
    for (const place of ["", "deep/er"]) {
      writeFileSync(join(this.own, "d", place, "file"), "harmless");
      writeFileSync(join(this.outside, place, "file"), SECRET);
    }
    writeFileSync(join(this.outside, SECRET), SECRET.repeat(10));
    writeFileSync(join(this.own, "f"), "harmless");
    symlinkSync(join(this.outside, "file"), join(this.own, "f-link"));
    symlinkSync(this.outside, join(this.own, "d-link"));
    mkdirSync(join(this.tasks, "task/guest/uploads"), { recursive: true });
    symlinkSync(this.outside, join(this.tasks, "task/link"));
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

interface Race {
  id: string;
  claim: string;
  /** what is swapped */
  swaps(arena: Arena): [string, string];
  /** each says whether it got hold of something outside; what throws has been refused */
  real(arena: Arena, attempt: number): boolean | Promise<boolean>;
  naive(arena: Arena, attempt: number): boolean | Promise<boolean>;
  /** both sides of the swap are answered, so nothing is ever refused */
  isAlwaysAnswered?: true;
}

const directory = ({ own }: Arena): [string, string] => [join(own, "d"), join(own, "d-link")];
const place = ({ workspace }: Arena) => ({ root: workspace, parts: ["own"] });
const shown = (content: string) => Buffer.from(content, "base64").toString().includes(SECRET);
const identity = (path: string) => `${statSync(path).dev}:${statSync(path).ino}`;

const RACES: readonly Race[] = [
  {
    id: "host-races.preview-directory",
    claim: "a file is previewed while its directory and a link change places: never the one outside",
    swaps: directory,
    real: (arena) => shown(previewFile(place(arena), "d/file").content),
    naive: ({ own }) => checkThenRead(own, join(own, "d/file")).includes(SECRET),
  },
  {
    id: "host-races.preview-deep",
    claim: "so is a file three levels below",
    swaps: directory,
    real: (arena) => shown(previewFile(place(arena), "d/deep/er/file").content),
    naive: ({ own }) => checkThenRead(own, join(own, "d/deep/er/file")).includes(SECRET),
  },
  {
    id: "host-races.preview-file",
    claim: "a file is previewed while it and a link change places: never what the link leads to",
    swaps: ({ own }) => [join(own, "f"), join(own, "f-link")],
    real: (arena) => shown(previewFile(place(arena), "f").content),
    naive: ({ own }) => checkThenRead(own, join(own, "f")).includes(SECRET),
  },
  {
    id: "host-races.list-directory",
    claim: "a directory is listed while it and a link change places: never the names outside",
    swaps: directory,
    real: async (arena) => (await listDirectory(place(arena), "d")).entries.some(({ name }) => name === SECRET),
    naive: ({ own }) => checkThenList(own, join(own, "d")).includes(SECRET),
  },
  {
    id: "host-races.list-sizes",
    claim: "a directory is listed while a file in it and a link change places: never a size of the file outside",
    swaps: ({ own }) => [join(own, "f"), join(own, "f-link")],
    real: async (arena) =>
      (await listDirectory(place(arena), "")).entries.some(
        ({ type, bytes }) => type === "file" && bytes === SECRET.length,
      ),
    isAlwaysAnswered: true,
    naive: ({ own }) => listThenStat(own).includes(` ${SECRET.length}`),
  },
  {
    id: "host-races.open",
    claim: "a folder is opened while it and a link change places: never the directory outside",
    swaps: directory,
    real({ workspace, outside }) {
      using opened = openBeneath(workspace, ["own", "d"]);
      return identity(opened.path) === identity(outside);
    },
    naive: ({ own, outside }) => checkThenIdentify(own, join(own, "d")) === identity(outside),
  },
  {
    id: "host-races.bind",
    claim:
      "a folder is resolved for a task and told from others while it and a link change places: never the one outside",
    swaps: directory,
    real({ workspace, outside }) {
      const folder = resolveFolder(workspace, "own/d");
      return identifyFolder(workspace, folder).includes(identity(outside));
    },
    naive: ({ own, outside }) => checkThenIdentify(own, join(own, "d")) === identity(outside),
  },
  {
    id: "host-races.bind-deep",
    claim: "so is a folder below the one that changes",
    swaps: directory,
    real({ workspace, outside }) {
      const folder = resolveFolder(workspace, "own/d/deep/er");
      return identifyFolder(workspace, folder).at(-1) === identity(join(outside, "deep/er"));
    },
    naive: ({ own, outside }) => checkThenIdentify(own, join(own, "d/deep/er")) === identity(join(outside, "deep/er")),
  },
  {
    id: "host-races.import",
    claim: "a file is imported while the uploads' directory and a link change places: never to the one outside",
    swaps: ({ tasks }) => [join(tasks, "task/guest"), join(tasks, "task/link")],
    async real({ tasks, outside }, attempt) {
      const isOutside = () => readdirSync(join(outside, "uploads")).some((there) => there.startsWith("real-"));
      if (attempt % BATCH === 0 && isOutside()) return true;
      await importUpload({ tasks, drafts: outside }, "task", `real-${attempt}`, Readable.from([Buffer.from("x")]));
      return isOutside();
    },
    naive({ tasks, outside }, attempt) {
      checkThenWrite(tasks, join(tasks, "task/guest/uploads"), `naive-${attempt % 10}`);
      return readdirSync(join(outside, "uploads")).some((there) => there.startsWith("naive-"));
    },
  },
];

export interface Score {
  attempts: number;
  leaks: number;
  refused: number;
}

/** Tries until it was tried often enough; the naive twin until it has leaked. */
export async function contend(
  attempt: (count: number) => boolean | Promise<boolean>,
  isEnough: (score: Score, started: number) => boolean,
): Promise<Score> {
  const score: Score = { attempts: 0, leaks: 0, refused: 0 };
  const started = performance.now();
  while (!isEnough(score, started)) {
    for (let count = 0; count < BATCH; count++) {
      score.attempts++;
      try {
        if (await attempt(score.attempts)) score.leaks++;
      } catch {
        score.refused++; // by whoever checks, or there was a link
      }
    }
    await turn();
  }
  return score;
}

/** Swaps go on in another process; the slowest swaps two thousand times in this time. */
const LEAST_MS = 300;

function check({ id, claim, swaps, real, naive, isAlwaysAnswered }: Race): Check<Fixtures> {
  return {
    id,
    claim,
    essential: true,
    attack: RACED,
    async run() {
      using arena = new Arena();
      const swapper = await Swapper.start(...swaps(arena));
      let score: Score;
      let control: Score;
      let swapped: number;
      try {
        score = await contend(
          (attempt) => real(arena, attempt),
          ({ attempts }, started) => attempts >= LEAST_ATTEMPTS && performance.now() - started > LEAST_MS,
        );
        control = await contend(
          (attempt) => naive(arena, attempt),
          ({ attempts, leaks }) => leaks > 0 || attempts >= MOST_NAIVE_ATTEMPTS,
        );
      } finally {
        swapped = await swapper.stop();
      }
      return raced({ swapped, score, control }, isAlwaysAnswered);
    },
  };
}

/** What every race tries; its claim says with what. */
export const RACED: NonNullable<Check["attack"]> = {
  tried: "two names change places as fast as another process can rename them, while this is asked for again and again",
  oracle: "token",
};

export function raced(
  { swapped, score, control }: { swapped: number; score: Score; control: Score },
  isAlwaysAnswered?: true,
  least = { swaps: LEAST_SWAPS, attempts: LEAST_ATTEMPTS },
): object {
  const evidence = {
    swapped,
    score,
    naive: control,
    target: { through: score.leaks > 0, seen: `${score.leaks} of ${score.attempts} attempts, ${swapped} swaps` },
    control: { through: control.leaks > 0, seen: `${control.leaks} of ${control.attempts} attempts` },
  };
  if (score.leaks > 0) throw new Failed(`${score.leaks} of ${score.attempts} attempts got out`, evidence);
  if (control.leaks === 0) throw new Failed("the naive twin did not leak: this was no race", evidence);
  if (swapped < least.swaps || score.attempts < least.attempts)
    throw new Failed("too few swaps or attempts: this was no race", evidence);
  if (!isAlwaysAnswered && (score.refused === score.attempts || score.refused === 0))
    throw new Failed("every attempt met the same side: this was no race", evidence);
  return evidence;
}

export const hostRaces: readonly Check<Fixtures>[] = RACES.map(check);
