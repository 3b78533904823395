import { type Check, Failed } from "../checks.ts";
import { type AgentAttack, type OracleName, oracleOf } from "./attack.ts";
import { Lost } from "./machine-picture.ts";
import { ORACLES, type Sight, watchLiveness } from "./oracles.ts";
import type { Target } from "./target.ts";
import { CONTROL, PIWORK } from "./ways.ts";

/** What became of one attack: where it must not get through, and where it must. */
export interface Outcome {
  target: Sight;
  control: Sight;
}

/** Time that one has which may cost the control its machine. */
const RUIN_MS = 15_000;

/** Runs an attack on one target and says what was seen from outside. */
export async function perform(attack: AgentAttack, target: Target): Promise<Sight> {
  const oracle = oracleOf(attack);
  attack.prepare?.(target.world.own);
  const look = await ORACLES[oracle](target, attack);
  const ran =
    attack.tools !== undefined && target.attacksByAgent
      ? await target.callTools(attack.tools)
      : QUICK.has(oracle) && !attack.ruinous && !attack.alone
        ? await target.attackQuickly(attack.script)
        : await target.attack(attack.script, attack.deadlineMs ?? (attack.ruinous && RUIN_MS));
  const said = ran.output.trim().split("\n").at(-1);
  if (attack.counts && ran.code !== 0) throw new Error(`${attack.id} has not tried enough: ${said}`);
  const sight = await look(ran).catch((error: unknown): Sight => {
    if (error instanceof Lost) return { through: true, seen: error.message, lost: true };
    throw error;
  });
  // Root does what it likes to its own machine, whether or not that reaches anybody else.
  const hasHarmed = sight.through || target.attacksAsRoot;
  if (sight.lost || (attack.ruinous && hasHarmed)) await target.renew();
  else if (oracle === "bystander" && sight.through) await target.startBystander();
  else if (attack.undo === undefined && (oracle === "change" || oracle === "exports")) target.world.restore();
  else if (attack.undo !== undefined || (hasHarmed ? !HARMLESS.has(oracle) : LITTERING.has(oracle)))
    await target.mend(attack.undo);
  target.world.emptyOwn();
  if (oracle === "growth") await target.reopenAttacker();
  const shown = attack.counts || attack.tools ? `${sight.seen}; ${said}` : sight.seen;
  if (ran.code !== undefined || sight.tried) return { ...sight, seen: `${shown} (exit ${ran.code ?? "by the quota"})` };
  return { ...sight, seen: `${shown} (cut off: ${ran.output.trim().slice(-200)})`, cutOff: true };
}

/** The same where taskd has to answer all the while, whatever else is asked. */
async function performAlive(attack: AgentAttack, target: Target): Promise<Sight> {
  const { attacker, victim } = target;
  // Its own machine may be ruined by its root, and ends with a task that has added too much.
  const isAsked = target.isApart && !target.attacksAsRoot && oracleOf(attack) !== "growth";
  const answering = watchLiveness(target, isAsked ? [victim, attacker] : [victim]);
  const sight = await perform(attack, target);
  const trouble = await answering();
  return trouble === undefined ? sight : { through: true, seen: `${trouble}; ${sight.seen}` };
}

/** What is seen when the script is over; others have to be watched, and everything of them must end with them. */
const QUICK: ReadonlySet<OracleName> = new Set([
  ...(["token", "strangers", "change", "exports", "guest-change", "bystander", "modes", "connection"] as const),
]);
/** Who only looked or knocked has changed nothing. */
const HARMLESS: ReadonlySet<OracleName> = new Set(["token", "strangers", "connection", "starvation", "growth"]);
/** These leave something in the attacker's own /tmp. */
const LITTERING: ReadonlySet<OracleName> = new Set(["excess", "modes"]);

/** An attack as a check: it must get through on the control, and not on the target. */
export function asCheck(attack: AgentAttack, targets: () => { target: Target; control: Target }): Check {
  return {
    id: attack.id,
    claim: `a task ${attack.tries}: nothing comes of it`,
    needsRoot: attack.needsRoot,
    attack: { tried: triedBy(attack), oracle: oracleOf(attack), dead: attack.dead },
    async run() {
      const [target, control] = await Promise.all([
        performAlive(attack, targets().target),
        perform(attack, targets().control),
      ]);
      return verdict(attack, { target, control });
    },
  };
}

/** An agent's calls stand beside what does the same on the control. */
function triedBy({ script, tools }: AgentAttack): string {
  return tools === undefined ? script : `${JSON.stringify(tools)}; on the control: ${script}`;
}

/** The same by the root of the attacker's own machine; on the control, of the machine that all tasks are in. */
export function asRootCheck(attack: AgentAttack, targets: () => { target: Target; control: Target }): Check {
  const inTurn = asCheck(attack, targets);
  return {
    id: attack.id,
    claim: `the root of a task's machine ${attack.tries}: nothing comes of it for another task`,
    attack: { tried: attack.script, oracle: oracleOf(attack), dead: attack.dead },
    async run() {
      const { target } = targets();
      await target.use(CONTROL);
      try {
        return (await inTurn.run()) ?? undefined;
      } finally {
        await target.use(PIWORK);
      }
    },
  };
}

/**
 * The same in one machine with the victim: behind all walls, then without any. In a machine of its own a task has no victim
 * within reach, so only this shows that the walls of the guest's kernel hold.
 */
export function asSharedCheck(attack: AgentAttack, machine: () => Target): Check {
  return {
    id: `shared.${attack.id}`,
    claim: `a task in one machine with its victim ${attack.tries}: nothing comes of it`,
    attack: { tried: attack.script, oracle: oracleOf(attack), dead: attack.dead },
    async run() {
      const shared = machine();
      await shared.use(PIWORK);
      const target = await perform(attack, shared).finally(() => shared.use(CONTROL));
      return verdict(attack, { target, control: await perform(attack, shared) });
    },
  };
}

/** The evidence; throws where the attack got through, or proves nothing. */
export function verdict(
  { id, dead, ruinous }: Pick<AgentAttack, "id" | "dead" | "ruinous">,
  { target, control }: Outcome,
): object {
  const evidence = { target, control };
  if (target.through) throw new Failed(`${id} got through: ${target.seen}`, evidence);
  if (target.cutOff && !ruinous)
    throw new Failed(`${id} was cut off, so nobody knows whether it was tried: ${target.seen}`, evidence);
  if (!control.through && dead === undefined)
    throw new Failed(
      `${id} is dead: it does not get through where there are no walls either (${control.seen})`,
      evidence,
    );
  if (control.lost && !ruinous)
    throw new Failed(`${id} cost the control its machine: it proves nothing, or is 'ruinous'`, evidence);
  return evidence;
}
