import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../host/wait-for.ts";
import { SMALL_QUOTA } from "../runtimes/quota.ts";
import type { TaskAttack, TaskOracle } from "./attack.ts";
import { exportsPicture } from "./exports.ts";
import { bystander, differences, inTime, Lost, machinePicture, victimProcesses } from "./machine-picture.ts";
import type { Ran } from "./shell.ts";
import type { Target } from "./target.ts";
import type { Sight } from "./verdict.ts";

/** Looks at the world before an attack, and gives what compares it with the world after. */
type Oracle = (target: Target, attack: TaskAttack) => Promise<(ran: Ran) => Promise<Sight>>;

/** Time the runtime has to stop a task that has added too much: it looks every 2 s. */
const STOPPED_WITHIN_MS = 6_000;
/** Between two questions to taskd, and the time each has, in milliseconds. */
const PING_EVERY_MS = 200;
const PING_DEADLINE_MS = 2_500;
/** Between two questions to taskd while something else is looked at. */
const LIVENESS_EVERY_MS = 1_000;
/** Between two measurements of a quota while an attack runs. They run beside taskd, which goes before every task: more often, and the attack itself would starve. */
const MEASURE_EVERY_MS = 400;

/** What a task does all day: start a process, open a file, watch one, have a terminal. */
const ORDINARY_WORK = `true & wait; perl -e '
  open(my $file, "<", "/dev/null") or die "no file: $!";
  syscall(253) >= 0 or die "no watch: $!";
  open(my $terminal, "+<", "/dev/ptmx") or die "no terminal: $!"'`;

/** In the directory of the root's shell: from then on it is measured. */
const MEASURING = "measuring";
/**
 * The least that a process of the victim gets done in any second while an attack of three seconds runs, in percent of what it did
 * before. What it did is counted: a machine that gets nothing of the host's processors does not notice.
 */
const SHARE = `echo 0 >"$VICTIM_GROUP/cgroup.procs"
exec perl -MTime::HiRes=time -e 'sub done { my ($end, $n) = (time + 1, 0); $n++ while time < $end; $n } $alone = done();
open(F, ">", "${MEASURING}"); $end = time + 4; $least = 100;
while (time < $end) { $share = 100 * done() / $alone; $least = $share if $share < $least } print int $least'`;
const SHARE_DEADLINE_MS = 15_000;
/** Less than this and it starves; alone it gets nearly all, beside one other task half, without a bound a tenth. */
const LEAST_SHARE = 20;

export const ORACLES: Record<TaskOracle, Oracle> = {
  /** A canary is in what the attacker printed or has in its folder now. */
  async token({ world }) {
    return async ({ output }) => {
      const shown = [...new Set([...world.canariesIn(output), ...world.canariesInOwn()])];
      return { through: shown.length > 0, seen: shown.length > 0 ? `has ${shown.join(", ")}` : "no canary" };
    };
  },

  /** The same for whom the attacker's machine belongs to: what that machine has is no secret. */
  async strangers({ world }) {
    return async ({ output }) => {
      const shown = world.strangers([...new Set([...world.canariesIn(output), ...world.canariesInOwn()])]);
      return { through: shown.length > 0, seen: shown.length > 0 ? `has ${shown.join(", ")}` : "no canary of others" };
    };
  },

  /** Something that is exported to a machine is another file than before, beside the attacker's own. */
  async exports(target) {
    const look = async () => [...target.world.picture(), ...(await exportsPicture(target))];
    const before = await look();
    return async () => compare(before, await look());
  },

  /** The runtime says something else of another task than before. */
  async record({ runtime, victim }) {
    const look = async () => {
      const { state, turn, lostTurn } = await runtime.client.call("task_show", { task: victim });
      return [JSON.stringify({ state, turn, lostTurn })];
    };
    const before = await look();
    return async () => compare(before, await look());
  },

  /** Something outside of the attacker's folder is another file than before. */
  async change(target) {
    const look = async () => [...target.world.picture(), ...(await target.plantedPicture())];
    const before = await look();
    return async () => compare(before, await look());
  },

  /** Something of the machine is not as its root saw it before. */
  async "guest-change"(target) {
    return async () => compare(target.machine, await machinePicture(target));
  },

  /** A process of another task is gone, or that task can no longer work. */
  async victim(target) {
    const before = target.victimProcesses;
    const work = () => target.workAsPrey(ORDINARY_WORK);
    // What an attack holds on to is gone with it, so the victim works while it runs.
    const meanwhile = watch(async () => {
      const end = await work();
      return end?.code === 0 ? undefined : `the victim could not work: ${end?.said ?? "no answer in time"}`;
    });
    return async () => {
      const trouble = await meanwhile();
      const after = await victimProcesses(target, target.machineOfPrey);
      if (after === undefined) throw new Lost();
      // What it has just worked may still be ending.
      const gone = before.split(" ").filter((pid) => !after.split(" ").includes(pid));
      if (gone.length > 0) return { through: true, seen: `the victim's processes ${gone.join(" ")} are gone` };
      const end = trouble === undefined ? await work() : undefined;
      const isWell = end?.code === 0;
      return { through: !isWell, seen: isWell ? "the victim works on" : (trouble ?? `the victim: ${end?.said}`) };
    };
  },

  /** A process of another task that has nothing to do is gone, stopped, or has less than before. */
  async bystander(target) {
    const before = target.bystander;
    return async () => {
      let after = await bystander(target, target.machineOfPrey);
      // A signal takes effect when its process runs next, which may be after this look.
      if (after === before) after = await bystander(target, target.machineOfPrey);
      return {
        through: after !== before,
        seen: after === before ? "as before" : `was ${before}; is ${after || "gone"}`,
      };
    };
  },

  /** The attacker's folder holds more than a task may add, and nobody has stopped the attacker. */
  async growth(target) {
    return async () => {
      const bytes = target.world.bytesOfOwn();
      const deadline = performance.now() + STOPPED_WITHIN_MS;
      let state = await target.attackerState();
      while (bytes > SMALL_QUOTA.bytes && state !== "stopped" && performance.now() < deadline) {
        await delay(PING_EVERY_MS);
        state = await target.attackerState();
      }
      return {
        ...(bytes > SMALL_QUOTA.bytes && state === "stopped" ? { tried: true as const } : {}),
        through: bytes > SMALL_QUOTA.bytes && state !== "stopped",
        seen: `${bytes} bytes, ${SMALL_QUOTA.bytes} are allowed; the attacker's task is ${state}`,
      };
    };
  },

  /** taskd did not answer. */
  async silence(target) {
    const answering = watchLiveness(target, target.isApart ? [target.victim, target.attacker] : [target.victim]);
    return async () => {
      const trouble = await answering();
      return { through: trouble !== undefined, seen: trouble ?? "every question was answered" };
    };
  },

  /** There is more of something than a quota allows. */
  async excess(target, { excess }) {
    if (excess === undefined) throw new Error("an attack on a quota says what is measured");
    let most = 0;
    const measure = async () => {
      const measured = await inTime(target.asRoot(excess.measure));
      if (measured === undefined) throw new Lost();
      const amounts = (measured.text.match(/-?\d+/g) ?? []).map(Number);
      if (amounts.length === 0) throw new Error(`it could not be measured: ${measured.text}`);
      most = Math.max(most, ...amounts);
      return undefined;
    };
    const meanwhile = excess.meanwhile ? watch(measure, MEASURE_EVERY_MS) : undefined;
    return async () => {
      await meanwhile?.();
      await measure();
      return { through: most > excess.allowed, seen: `${most}, ${excess.allowed} are allowed` };
    };
  },

  /** The machine's root has accepted a connection or a datagram. */
  async connection(target) {
    const count = async () => {
      const counted = Number.parseInt(
        (await inTime(target.asRoot("stat -c %s /run/piwork/connections")))?.text ?? "",
        10,
      );
      if (Number.isNaN(counted)) throw new Lost();
      return counted;
    };
    const before = await count();
    return async () => {
      const accepted = (await count()) - before;
      return { through: accepted > 0, seen: `${accepted} connections` };
    };
  },

  /** There is a set-id file, a device or a file of root in what the attacker can write. */
  async modes(target) {
    return async () => {
      // Its own /tmp belongs to it; the machine's has one file of root's, which was there before.
      const look = `places='/tmp '$ATTACKER_SLOT/tmp
for p in $(cat "$ATTACKER_GROUP/cgroup.procs"); do
  [ /proc/$p/root/tmp -ef /tmp ] || [ /proc/$p/root/tmp -ef "$ATTACKER_SLOT/tmp" ] || places="$places /proc/$p/root/tmp"
done; find $places -mindepth 1 ! -path /tmp/secret \\( -perm /6000 -o -type b -o -type c -o -uid 0 -o -gid 0 \\)`;
      const found = await inTime(target.asRoot(look));
      if (found?.code !== 0) throw new Lost();
      const strange = [...target.world.strangeModes(), ...found.text.trim().split("\n").filter(Boolean)];
      return { through: strange.length > 0, seen: strange.slice(0, 4).join("; ") || "only ordinary files" };
    };
  },

  /** A process of another task gets hardly anything of the processor while the attack runs. */
  async starvation(target) {
    const measuring = inTime(target.asRoot(SHARE, target.machineOfPrey), SHARE_DEADLINE_MS);
    const started = join(target.rootDirectory(target.machineOfPrey), MEASURING);
    await waitFor("the measurement to begin", SHARE_DEADLINE_MS, () => existsSync(started) || undefined);
    rmSync(started);
    return async () => {
      const share = Number.parseInt((await measuring)?.text ?? "", 10);
      // One that does not end in time has starved as well.
      const least = Number.isNaN(share) ? 0 : share;
      return { through: least < LEAST_SHARE, seen: `the victim got ${least} % of its work done` };
    };
  },
};

/** Looks again and again, from now on until it is called off or has found something; gives that. */
function watch(look: () => Promise<string | undefined>, everyMs = PING_EVERY_MS): () => Promise<string | undefined> {
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(everyMs, undefined, { signal: over.signal }).catch(() => {});
    }
    return undefined;
  })();
  watching.catch(() => {}); // thrown where it is awaited
  return async () => {
    over.abort();
    return watching;
  };
}

/**
 * Asks the taskd of these tasks something again and again, and once more when that is called off; gives what went wrong. A task
 * that is to be stopped meanwhile is none to ask, where its machine ends with it.
 */
export function watchLiveness(target: Target, tasks: readonly string[]): () => Promise<string | undefined> {
  const first = machinesOf(target, tasks);
  const unanswered = async () => {
    for (const task of tasks) if (!(await ping(target, task))) return "taskd did not answer";
    return (await machinesOf(target, tasks)) === (await first) ? undefined : "there is another machine";
  };
  const meanwhile = watch(unanswered, LIVENESS_EVERY_MS);
  return async () => (await meanwhile()) ?? (await unanswered());
}

/** Which machines there are: after its end the runtime starts another one, whose taskd answers as well. */
async function machinesOf({ runtime }: Target, tasks: readonly string[]): Promise<string | undefined> {
  const status = await inTime(runtime.client.call("status", {}), PING_DEADLINE_MS);
  // One that has no task yet may be about to become somebody else's.
  const theirs = status?.machines.filter(
    ({ task }) => status.isolation === "shared" || (task !== null && tasks.includes(task)),
  );
  return theirs?.map(({ id }) => id).join(" ");
}

function compare(before: readonly string[], after: readonly string[]): Sight {
  const changes = differences(before, after);
  return {
    through: changes.length > 0,
    seen: changes.length > 0 ? changes.slice(0, 4).join("; ").slice(0, 1000) : `${before.length} facts as before`,
  };
}

async function ping({ runtime }: Target, task: string): Promise<boolean> {
  return (await inTime(runtime.client.call("questions", { task }), PING_DEADLINE_MS)) !== undefined;
}
