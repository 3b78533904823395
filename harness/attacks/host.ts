import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import type { Check } from "../checks/checks.ts";
import {
  NAIVE_PATHS,
  naiveBind,
  naiveFind,
  naiveImport,
  naiveList,
  naiveListWithBeginnings,
  naivePreview,
  naiveTool,
} from "../controls/naive-files.ts";
import type { HostAttack, HostOracle, HostScene, Operation, ScenePlaces } from "./attack.ts";
import type { Fixtures } from "./fixtures.ts";
import { inTime } from "./machine-picture.ts";
import type { Target } from "./target.ts";
import type { Outcome, Sight } from "./verdict.ts";

/** What the control API must answer to people who attack nothing. */
export interface HonestCase extends HostScene {
  id: string;
  claim: string;
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

function placesOf(target: Target): ScenePlaces {
  const { workspace, outside, own } = target.world;
  const guest = join(target.sandbox.state, "tasks", target.attacker, "guest");
  return { workspace, outside, own, attacker: target.attacker, guest };
}

/** Asks the runtime, then the naive twin, in the scene that an attack sets. */
export async function meetInScene(attack: HostAttack, target: Target): Promise<Outcome> {
  const real = await ask(attack, target, (operation) => askRuntime(target, operation));
  const naive = await ask(attack, target, (operation) => askNaive(attack, target, operation));
  return { target: real, control: naive };
}

/** The names that a scene's places have in scripts, in place of paths that are others in each run. */
const NAMED: ScenePlaces = {
  workspace: "$WORKSPACE",
  outside: "$OUTSIDE",
  own: "$OWN",
  attacker: "$ATTACKER",
  guest: "$GUEST",
};

/** What the task plants first, and what is asked then; on the control, of which naive twin. */
export function inWords({ plant, operation, naive }: HostAttack): string {
  const asked = `asked: ${JSON.stringify(operation(NAMED))}; on the control, of the twin '${naive}'`;
  return plant === undefined ? asked : `planted:\n${plant}\n${asked}`;
}

export function honestChecks(cases: readonly HonestCase[]): Check<Fixtures>[] {
  return cases.map(({ id, claim, expected, ...scene }) => ({
    id,
    claim,
    async run({ target }) {
      const { answer, code } = await inScene(scene, target, (operation) => askRuntime(target, operation));
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

async function inScene<T>(scene: HostScene, target: Target, act: (operation: Operation) => Promise<T>): Promise<T> {
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
async function ask(
  attack: HostAttack,
  target: Target,
  send: (operation: Operation) => Promise<Answer>,
): Promise<Sight> {
  return inScene(attack, target, async (operation) => {
    const before = picture(target);
    const { answer, code } = await send(operation);
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
    naive === "find" || naive === "tool" || naive === "beginnings"
      ? join(root, named)
      : NAIVE_PATHS[naive](root, named, outside);
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
