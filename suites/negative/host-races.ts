import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { Swapper } from "../../harness/attacks/swapper.ts";
import type { Target } from "../../harness/attacks/target.ts";
import { type Check, Failed } from "../../harness/checks.ts";
import {
  checkThenIdentify,
  checkThenList,
  checkThenRead,
  checkThenWrite,
  listThenStat,
} from "../../harness/controls/naive-files.ts";
import { openBeneath } from "../../runtime/protocol/open-beneath.ts";
import { importUpload } from "../../runtime/tasks/uploads.ts";
import { identifyFolder, resolveFolder } from "../../runtime/workspace/folder.ts";
import { listDirectory, previewFile } from "../../runtime/workspace/listing.ts";

/** A race that was not run this often has proven nothing. */
const LEAST_SWAPS = 2_000;
const LEAST_ATTEMPTS = 2_000;
/** Attempts between two looks at the other work of this process. */
const BATCH = 50;
/** A naive twin that has not lost by then does not. */
const MOST_NAIVE_ATTEMPTS = 200_000;

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
      const isOutside = () => readdirSync(join(outside, "uploads")).some((there) => /^(real|\.import)-/.test(there));
      if (attempt % BATCH === 0 && isOutside()) return true;
      await importUpload(tasks, "task", `real-${attempt}`, Readable.from([Buffer.from("x")]));
      return isOutside();
    },
    naive({ tasks, outside }, attempt) {
      checkThenWrite(tasks, join(tasks, "task/guest/uploads"), `naive-${attempt % 10}`);
      return readdirSync(join(outside, "uploads")).some((there) => there.startsWith("naive-"));
    },
  },
];

interface Score {
  attempts: number;
  leaks: number;
  refused: number;
}

/** Tries until it was tried often enough; the naive twin until it has leaked. */
async function contend(
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

function check({ id, claim, swaps, real, naive, isAlwaysAnswered }: Race): Check {
  return {
    id,
    claim,
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

function raced(
  { swapped, score, control }: { swapped: number; score: Score; control: Score },
  isAlwaysAnswered?: true,
): object {
  const evidence = { swapped, score, control };
  if (score.leaks > 0) throw new Failed(`${score.leaks} of ${score.attempts} attempts got out`, evidence);
  if (control.leaks === 0) throw new Failed("the naive twin did not leak: this was no race", evidence);
  if (swapped < LEAST_SWAPS || score.attempts < LEAST_ATTEMPTS)
    throw new Failed("too few swaps or attempts: this was no race", evidence);
  if (!isAlwaysAnswered && (score.refused === score.attempts || score.refused === 0))
    throw new Failed("every attempt met the same side: this was no race", evidence);
  return {
    ...evidence,
    target: { through: false, seen: `${score.attempts} attempts, ${swapped} swaps` },
    control: { through: true, seen: `${control.leaks} of ${control.attempts} attempts` },
  };
}

/** The same through the API, in the folder of a task. */
function throughApi(target: () => Target): Check {
  return {
    id: "host-races.api",
    claim:
      "a task's file is previewed through the API while its directory and a link change places: never a neighbour's",
    async run() {
      const { world, runtime, attacker } = target();
      const { own, workspace } = world;
      mkdirSync(join(own, "d"));
      writeFileSync(join(own, "d/secret.txt"), "harmless");
      symlinkSync(join(workspace, "other"), join(own, "d-link"));
      const swapper = await Swapper.start(join(own, "d"), join(own, "d-link"));
      let swapped = 0;
      const score: Score = { attempts: 0, leaks: 0, refused: 0 };
      const control = await contend(
        () => world.canariesIn(checkThenRead(own, join(own, "d/secret.txt"))).length > 0,
        ({ attempts, leaks }) => leaks > 0 || attempts >= MOST_NAIVE_ATTEMPTS,
      );
      const ask = async () => {
        while (score.attempts < LEAST_ATTEMPTS) {
          score.attempts++;
          try {
            const { content } = await runtime.client.call("task_preview", { task: attacker, path: "d/secret.txt" });
            if (world.canariesIn(Buffer.from(content, "base64").toString()).length > 0) score.leaks++;
          } catch {
            score.refused++;
          }
        }
      };
      try {
        await Promise.all(Array.from({ length: 8 }, ask));
      } finally {
        swapped = await swapper.stop();
        world.emptyOwn();
      }
      return raced({ swapped, score, control });
    },
  };
}

/** Where two want the same at once. */
function twoBinds(target: () => Target): Check {
  return {
    id: "host-races.two-binds",
    claim: "two tasks that want one folder at once: exactly one gets it",
    async run() {
      const { client } = target().runtime;
      const create = async (title: string) => (await client.call("task_create", { title, folder: null })).id;
      const ids = [await create("First"), await create("Second")];
      const ends = await Promise.allSettled(ids.map((task) => client.call("task_bind", { task, folder: "third" })));
      for (const task of ids) await client.call("task_delete", { task });
      const bound = ends.filter(({ status }) => status === "fulfilled").length;
      if (bound !== 1) throw new Error(`${bound} tasks have the folder`);
    },
  };
}

/** What a folder was when it was bound and is no longer. */
function replaced(target: () => Target): Check {
  return {
    id: "host-races.replaced",
    claim: "a folder that becomes a link while its task is stopped, or runs: neither opened nor shown",
    async run() {
      const { world, runtime, talk } = target();
      const { client } = runtime;
      const path = join(world.workspace, "replaced");
      mkdirSync(path);
      writeFileSync(join(path, "secret.txt"), "its own");
      const { id } = await client.call("task_create", { title: "Replaced", folder: "replaced" });
      const away = join(world.workspace, "replaced-away");
      renameSync(path, away);
      symlinkSync("other", path);
      const seen: string[] = [];
      try {
        const read = await client.call("task_preview", { task: id, path: "secret.txt" }).catch(() => undefined);
        seen.push(Buffer.from(read?.content ?? "", "base64").toString());
        const list = await client.call("task_files", { task: id }).catch(() => undefined);
        seen.push(JSON.stringify(list ?? ""));
        seen.push((await talk.exec(["cat", "secret.txt"], { task: id })).stdout.toString());
        await client.call("task_stop", { task: id });
        const opened = await client.call("task_switch", { task: id }).then(
          () => true,
          () => false,
        );
        if (opened) seen.push((await talk.exec(["cat", "secret.txt"], { task: id })).stdout.toString());
        const naive = readFileSync(join(path, "secret.txt"), "utf8");
        if (world.canariesIn(naive).length === 0) throw new Error("the naive twin does not leak");
        const leaked = world.canariesIn(seen.join("\n"));
        if (leaked.length > 0 || opened) throw new Failed(`shown: ${leaked.join(", ")}; opened: ${opened}`, { seen });
        return { seen: seen.map((text) => text.slice(0, 100)) };
      } finally {
        rmSync(path);
        rmSync(away, { recursive: true });
        await client.call("task_delete", { task: id });
        await client.call("task_switch", { task: target().attacker });
      }
    },
  };
}

export function hostRaces(target: () => Target): Check[] {
  return [...RACES.map(check), throughApi(target)];
}

/** Binds that must not both succeed, or not at all. */
export function hostBinds(target: () => Target): Check[] {
  return [twoBinds(target), replaced(target)];
}
