import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Area } from "../../runtime/api/files.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Check } from "../checks/checks.ts";
import {
  NAIVE_WAYS,
  type NaiveWay,
  naiveBind,
  naiveFind,
  naiveImport,
  naiveList,
  naiveListWithBeginnings,
  naivePreview,
  naiveTool,
} from "../controls/naive-files.ts";
import { inTime } from "./machine-picture.ts";
import type { Sight } from "./oracles.ts";
import { verdict } from "./perform.ts";
import type { Target } from "./target.ts";

/** Places that attacks name; not known before there is a world. */
export interface Places {
  workspace: string;
  outside: string;
  own: string;
  /** the attacker's own id, and its directory of the state: outputs and uploads are there */
  attacker: string;
  guest: string;
}

/** What is asked of the control API; on the control, of a naive twin of it. */
type Operation =
  | { call: "preview"; path: string; area?: Area; task?: string }
  | { call: "list"; path: string; area?: Area; task?: string }
  | { call: "import"; name: string }
  /** a new task that wants this folder */
  | { call: "bind"; folder: string; shared?: boolean }
  /** a question that names a task */
  | { call: "find"; task: string };

/** A canary in the answer, something that changed outside, an answer that does not come, one that is too long, or one at all. */
type HostOracle = "token" | "change" | "silence" | "excess" | "accepted";

/** Something that a task or a person put into a folder, and an operation of the control API that meets it. */
export interface HostAttack {
  id: string;
  invariant: "R" | "W" | "M" | "L" | "Q" | "A";
  tries: string;
  oracle: HostOracle;
  /** shell script of the task, before the operation; the names of Places are set in capitals */
  plant?: string;
  /** what a person, or who has the state, did before; gives what takes it back where `own` is not all */
  // biome-ignore lint/suspicious/noConfusingVoidType: most take nothing back
  prepare?(places: Places): (() => void) | undefined | void;
  operation(places: Places): Operation;
  /** which of the naive twins it gets through */
  naive: NaiveWay | "find" | "tool" | "beginnings";
  dead?: string;
  /** why a person has to be root to prepare it */
  needsRoot?: string;
}

/** The same with an end that is right: what is promised to honest people. */
export interface HonestCase {
  id: string;
  claim: string;
  plant?: string;
  // biome-ignore lint/suspicious/noConfusingVoidType: most take nothing back
  prepare?(places: Places): (() => void) | undefined | void;
  operation(places: Places): Operation;
  /** what the answer must hold, or the code of the refusal */
  expected: { holds: string | RegExp } | { refused: string };
}

/** An answer that takes longer than this does not come. */
const ANSWER_DEADLINE_MS = 3_000;
/** The twin that is to fall silent is not waited for as long; that others answer late on a loaded host says nothing. */
const SILENT_TWIN_MS = 1_000;
const NAIVE_DEADLINE_MS = 20_000;

function uploadsOf(target: Target): string {
  return join(placesOf(target).guest, "uploads");
}

function placesOf(target: Target): Places {
  const { workspace, outside, own } = target.world;
  const guest = join(target.sandbox.state, "tasks", target.attacker, "guest");
  return { workspace, outside, own, attacker: target.attacker, guest };
}

export function hostChecks(attacks: readonly HostAttack[], target: () => Target): Check[] {
  return attacks.map((attack) => ({
    id: attack.id,
    claim: `a caller who ${attack.tries}: nothing comes of it`,
    needsRoot: attack.needsRoot,
    attack: { tried: inWords(attack), oracle: attack.oracle, dead: attack.dead },
    async run() {
      const real = await meet(attack, target(), (operation) => askRuntime(target(), operation));
      const naive = await meet(attack, target(), (operation) => askNaive(attack, target(), operation));
      return verdict(attack, { target: real, control: naive });
    },
  }));
}

/** The names that a scene's places have in scripts, in place of paths that are others in each run. */
const NAMED: Places = {
  workspace: "$WORKSPACE",
  outside: "$OUTSIDE",
  own: "$OWN",
  attacker: "$ATTACKER",
  guest: "$GUEST",
};

/** What the task plants first, and what is asked then; on the control, of which naive twin. */
function inWords({ plant, operation, naive }: HostAttack): string {
  const asked = `asked: ${JSON.stringify(operation(NAMED))}; on the control, of the twin '${naive}'`;
  return plant === undefined ? asked : `planted:\n${plant}\n${asked}`;
}

export function honestChecks(cases: readonly HonestCase[], target: () => Target): Check[] {
  return cases.map(({ id, claim, expected, ...scene }) => ({
    id,
    claim,
    async run() {
      const { answer, code } = await inScene(scene, target(), (operation) => askRuntime(target(), operation));
      if ("refused" in expected) {
        if (code !== expected.refused) throw new Error(`${code}, not ${expected.refused}: ${answer.slice(0, 300)}`);
      } else if (code !== "accepted" || !matches(answer, expected.holds))
        throw new Error(`${code}: ${answer.slice(0, 500)}`);
      return { code };
    },
  }));
}

function matches(answer: string, held: string | RegExp): boolean {
  return typeof held === "string" ? answer.includes(held) : held.test(answer);
}

/** What came back; `code` is "accepted", "silent", or why it was refused. */
interface Answer {
  answer: string;
  code: string;
}

async function inScene<T>(
  scene: Pick<HostAttack, "plant" | "prepare" | "operation">,
  target: Target,
  act: (operation: Operation) => Promise<T>,
): Promise<T> {
  const places = placesOf(target);
  const { workspace, outside, own, attacker } = places;
  const putBack = scene.prepare?.(places);
  try {
    if (scene.plant !== undefined) {
      const known = { WORKSPACE: workspace, OUTSIDE: outside, OWN: own, ATTACKER: attacker };
      const names = Object.entries(known).map(([name, value]) => `${name}='${value}'`);
      const { code, output } = await target.attackQuickly(`${names.join("; ")}\n${scene.plant}`);
      if (code !== 0) throw new Error(`the task could not plant it (${code}): ${output.slice(0, 500)}`);
    }
    return await act(scene.operation(places));
  } finally {
    putBack?.();
    target.world.emptyOwn();
    const uploads = uploadsOf(target);
    for (const name of readdirSync(uploads)) rmSync(join(uploads, name), { recursive: true, force: true });
  }
}

/** Performs an operation in the scene that an attack sets, and says what was seen from outside. */
async function meet(
  attack: HostAttack,
  target: Target,
  ask: (operation: Operation) => Promise<Answer>,
): Promise<Sight> {
  return inScene(attack, target, async (operation) => {
    const before = picture(target);
    const { answer, code } = await ask(operation);
    const sight = judge(attack.oracle, { answer, code, before }, target);
    const alive = await inTime(target.runtime.client.call("status", {}), ANSWER_DEADLINE_MS);
    if (alive === undefined) return { through: true, seen: "the runtime no longer answers" };
    if (attack.oracle === "change" && sight.through) target.world.restore();
    return { ...sight, seen: `${sight.seen} (${code})` };
  });
}

function judge(oracle: HostOracle, { answer, code, before }: Answer & { before: string[] }, target: Target): Sight {
  switch (oracle) {
    case "token": {
      const shown = [...target.world.canariesIn(answer), ...(answer.includes(target.victim) ? ["victim's id"] : [])];
      return { through: shown.length > 0, seen: shown.length > 0 ? `has ${shown.join(", ")}` : "no canary" };
    }
    case "change": {
      const after = picture(target);
      const changes = [...before, ...after].filter((line) => !before.includes(line) || !after.includes(line));
      return { through: changes.length > 0, seen: changes.slice(0, 3).join("; ") || "all as before" };
    }
    case "silence":
      return { through: code === "silent", seen: code === "silent" ? "no answer" : "an answer" };
    case "excess":
      return { through: answer.length > LIMITS.previewBytes * 2, seen: `${answer.length} characters` };
    case "accepted":
      return { through: code === "accepted", seen: answer.slice(0, 100) };
  }
}

/** Everything outside of the attacker's folder and uploads. */
function picture(target: Target): string[] {
  const { guest, attacker } = placesOf(target);
  const tasks = join(target.sandbox.state, "tasks");
  const kept = [tasks, guest, join(tasks, attacker), ...["outputs", "session"].map((name) => join(guest, name))];
  const victim = ["outputs", "uploads"].map((name) => join(tasks, target.victim, "guest", name));
  const names = [...kept, ...victim, target.sandbox.state].flatMap((directory) =>
    readdirSync(directory).map((name) => {
      const about = lstatSync(join(directory, name));
      return `${join(directory, name)} ${about.mode.toString(8)} ${about.isFile() && victim.includes(directory) ? about.mtimeMs : ""}`;
    }),
  );
  // An import that is refused has written a draft beside: only the time of its own uploads tells.
  const own = `${uploadsOf(target)} `;
  return [...target.world.picture().filter((line) => !line.startsWith(own)), ...names];
}

async function askRuntime(target: Target, operation: Operation): Promise<Answer> {
  const { client } = target.runtime;
  const { attacker } = target;
  const asked = (async () => {
    switch (operation.call) {
      case "preview": {
        const { area, path, task = attacker } = operation;
        const shown = await client.call("task_preview", { task, path, ...(area && { area }) });
        return Buffer.from(shown.content, "base64").toString("latin1");
      }
      case "list": {
        const { area, path, task = attacker } = operation;
        const { entries } = await client.call("task_files", { task, path, ...(area && { area }) });
        return entries
          .map((entry) => `${JSON.stringify(entry)} ${Math.floor(Date.parse(entry.modifiedAt) / 1000)}`)
          .join("\n");
      }
      case "import":
        return JSON.stringify(await client.upload(attacker, operation.name, Readable.from("imported")));
      case "find":
        return JSON.stringify(await client.call("task_show", { task: operation.task }));
      case "bind":
        return bindAndRead(target, operation);
    }
  })();
  return settle(asked, operation.call === "bind" ? 60_000 : ANSWER_DEADLINE_MS);
}

/** Has a new task read what it got. */
async function bindAndRead(target: Target, { folder, shared }: { folder: string; shared?: boolean }): Promise<string> {
  const { client } = target.runtime;
  const { id } = await client.call("task_create", { title: "Binder", folder, sharedFolder: shared ?? true });
  try {
    const read = await target.talk.exec(["sh", "-c", "ls -la; cat secret.txt"], { task: id });
    return `${read.stdout}${read.stderr}`;
  } finally {
    await client.call("task_delete", { task: id });
    await client.call("task_switch", { task: target.attacker });
  }
}

async function askNaive({ naive, oracle }: HostAttack, target: Target, operation: Operation): Promise<Answer> {
  const { own, outside, workspace, guest } = placesOf(target);
  const tasks = join(target.sandbox.state, "tasks");
  const over = new AbortController();
  const known = { [target.attacker]: {}, [target.victim]: {} };
  const way = (root: string, named: string) =>
    naive in NAIVE_WAYS ? NAIVE_WAYS[naive as NaiveWay](root, named, outside) : join(root, named);
  const asked = (async () => {
    if (naive === "find" && "task" in operation) return naiveFind(known, operation.task ?? "");
    if (naive === "tool" && "task" in operation) return naiveTool(tasks, operation.task ?? "");
    switch (operation.call) {
      case "preview": {
        const root = operation.task === undefined ? own : join(tasks, operation.task, "guest/outputs");
        return naivePreview(
          way(operation.area === undefined ? root : join(guest, operation.area), operation.path),
          over.signal,
        );
      }
      case "list":
        if (naive === "beginnings") return naiveListWithBeginnings(join(own, operation.path), over.signal);
        return naiveList(way(operation.area === undefined ? own : join(guest, operation.area), operation.path));
      case "import":
        return naiveImport(join(guest, "uploads", operation.name), "imported", over.signal);
      case "bind":
        return naiveBind(way(workspace, operation.folder));
      case "find":
        return naiveFind(known, operation.task);
    }
  })();
  const answer = await settle(asked, oracle === "silence" ? SILENT_TWIN_MS : NAIVE_DEADLINE_MS);
  over.abort();
  return answer;
}

async function settle(asked: Promise<string>, deadlineMs: number): Promise<Answer> {
  const answered = asked.then(
    (answer) => ({ answer, code: "accepted" }),
    (error) => ({ answer: "", code: String((error as { code?: string }).code ?? error).slice(0, 100) }),
  );
  return (await inTime(answered, deadlineMs)) ?? { answer: "", code: "silent" };
}
