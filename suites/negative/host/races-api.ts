import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import { Swapper } from "../../../harness/attacks/swapper.ts";
import { type Check, Failed } from "../../../harness/checks/checks.ts";
import { checkThenRead } from "../../../harness/controls/naive-files.ts";
import { contend, LEAST_ATTEMPTS, MOST_NAIVE_ATTEMPTS, RACED, raced, type Score } from "./races.ts";

/** The same through the API, in the folder of a task. */
const throughApi: Check<Fixtures> = {
  id: "host-races.api",
  essential: true,
  claim: "a task's file is previewed through the API while its directory and a link change places: never a neighbour's",
  attack: RACED,
  async run({ target }) {
    const { world, runtime, attacker } = target;
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

/**
 * Opening a task takes half a second, and looks at its folder on both sides of the wire. Swaps that are much faster meet every step of
 * it, so that it is refused; between slow ones some openings come to their end.
 */
const SWAPPING = [
  { pauseMs: 20, binds: 60, swaps: 200 },
  { pauseMs: 1_500, binds: 10, swaps: 5 },
] as const;
/** Where every opening was refused: on a busy machine each takes seconds. */
const SLOWER = { pauseMs: 15_000, binds: 4, swaps: 2 };
const LEAST_BINDS = SWAPPING.reduce((sum, { binds }) => sum + binds, 0);
const LEAST_BIND_SWAPS = SWAPPING.reduce((sum, { swaps }) => sum + swaps, 0);

/** A folder that is bound through the API, and used. */
const bindThroughApi: Check<Fixtures> = {
  id: "host-races.api-bind",
  claim: "a task is opened in a folder while it and a link change places, and reads what it got: never a neighbour's",
  attack: RACED,
  async run({ target }) {
    const { world, runtime, talk } = target;
    const { client } = runtime;
    const place = join(world.workspace, "race");
    mkdirSync(join(place, "d"), { recursive: true });
    writeFileSync(join(place, "d/secret.txt"), "harmless");
    symlinkSync("../other", join(place, "d-link"));
    const isSecret = (text: string) => world.canariesIn(text).length > 0;
    let swapped = 0;
    const score: Score = { attempts: 0, leaks: 0, refused: 0 };
    // A task that was refused half way is there, and keeps the folder from the next one.
    const removeRacers = async () => {
      for (const { id, title } of await client.call("task_list", {}))
        if (title === "Racer") await client.call("task_delete", { task: id });
    };
    const bind = async () => {
      score.attempts++;
      const task = await client
        .call("task_create", { title: "Racer", folder: "race/d" })
        .then(({ id }) => id)
        .catch(() => undefined);
      if (task === undefined) score.refused++;
      else {
        const read = await talk.exec(["sh", "-c", "ls -la; cat secret.txt"], { task });
        if (isSecret(`${read.stdout}`)) score.leaks++;
      }
      await removeRacers();
    };
    let control: Score = { attempts: 0, leaks: 0, refused: 0 };
    try {
      for (const { pauseMs, binds, swaps } of [...SWAPPING, SLOWER]) {
        if (score.attempts >= LEAST_BINDS && score.refused < score.attempts) break;
        const swapper = await Swapper.start(join(place, "d"), join(place, "d-link"), pauseMs);
        try {
          if (control.attempts === 0)
            control = await contend(
              () => isSecret(checkThenRead(place, join(place, "d/secret.txt"))),
              ({ attempts, leaks }) => leaks > 0 || attempts >= MOST_NAIVE_ATTEMPTS,
            );
          const [started, before] = [performance.now(), score.attempts];
          // A refusal takes a moment: it is the swaps that take time.
          while (score.attempts - before < binds || performance.now() - started < 1.5 * swaps * pauseMs) await bind();
        } finally {
          swapped += await swapper.stop();
        }
      }
    } finally {
      rmSync(place, { recursive: true });
      await removeRacers();
    }
    return raced({ swapped, score, control }, undefined, { swaps: LEAST_BIND_SWAPS, attempts: LEAST_BINDS });
  },
};

/** Where two want the same at once. */
const twoBinds: Check<Fixtures> = {
  id: "host-races.two-binds",
  claim: "two tasks that want one folder at once: exactly one gets it",
  async run({ target }) {
    const { client } = target.runtime;
    const create = async (title: string) => (await client.call("task_create", { title, folder: null })).id;
    const ids = [await create("First"), await create("Second")];
    const ends = await Promise.allSettled(ids.map((task) => client.call("task_bind", { task, folder: "third" })));
    for (const task of ids) await client.call("task_delete", { task });
    const bound = ends.filter(({ status }) => status === "fulfilled").length;
    if (bound !== 1) throw new Error(`${bound} tasks have the folder`);
  },
};

/** What a folder was when it was bound and is no longer. */
const replaced: Check<Fixtures> = {
  id: "host-races.replaced",
  claim: "a folder that becomes a link while its task is stopped, or runs: neither opened nor shown",
  async run({ target }) {
    const { world, runtime, talk } = target;
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
      await client.call("task_switch", { task: target.attacker });
    }
  },
};

/** Races against a whole runtime. The second takes minutes. */
export const apiRaces: readonly Check<Fixtures>[] = [throughApi, bindThroughApi];

/** Binds that must not both succeed, or not at all. */
export const apiBinds: readonly Check<Fixtures>[] = [twoBinds, replaced];
