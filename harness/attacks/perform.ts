import type { TaskAttack, TaskOracle } from "./attack.ts";
import { Lost } from "./machine-picture.ts";
import { ORACLES, watchLiveness } from "./oracles.ts";
import type { Sides } from "./sides.ts";
import type { Target } from "./target.ts";
import type { Outcome, Sight } from "./verdict.ts";

/** Time that one has which may cost the control its machine. */
const RUIN_MS = 15_000;

/** Runs an attack on one target and says what was seen from outside. */
export async function perform(attack: TaskAttack, target: Target): Promise<Sight> {
  const { oracle } = attack;
  // The root of a machine meets it as its task does: with what the host exports, and nothing over it.
  await target.beside(attack.lane === "root" ? "nobody" : "neighbour");
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
  // Whoever has no walls does what it likes to its own machine, whether or not that reaches anybody else.
  const hasHarmed = sight.through || target.isOpen;
  if (sight.lost || (attack.ruinous && hasHarmed)) await target.renew();
  else if (oracle === "bystander" && sight.through) await target.startBystander();
  else if (attack.undo === undefined && (oracle === "change" || oracle === "exports"))
    await (hasHarmed ? target.restoreFiles() : target.world.restore());
  else if (attack.undo !== undefined || (hasHarmed ? !HARMLESS.has(oracle) : LITTERING.has(oracle)))
    await target.mend(attack.undo);
  target.world.emptyOwn();
  if (oracle === "growth") await target.reopenAttacker();
  const shown = attack.counts || attack.tools ? `${sight.seen}; ${said}` : sight.seen;
  if (ran.code !== undefined || sight.tried) return { ...sight, seen: `${shown} (exit ${ran.code ?? "by the quota"})` };
  return { ...sight, seen: `${shown} (cut off: ${ran.output.trim().slice(-200)})`, cutOff: true };
}

/** The same attack behind the walls and without those that hold it: on the same target, one after the other, or on two at once. */
export async function meetWalls(
  attack: TaskAttack,
  { whole, open }: Sides,
  target: Target,
  control = target,
): Promise<Outcome> {
  const [before, beforeOfControl] = [target.confinement, control.confinement];
  try {
    await target.use(target.attacksByAgent ? before : whole);
    if (control !== target) {
      await control.use(open);
      return await meet(attack, target, control);
    }
    const onTarget = await performAlive(attack, target);
    await target.use(open);
    return { target: onTarget, control: await perform(attack, target) };
  } finally {
    await target.use(before);
    await control.use(beforeOfControl);
  }
}

/** Tries an attack on target and control at once. */
export async function meet(attack: TaskAttack, target: Target, control: Target): Promise<Outcome> {
  const [onTarget, onControl] = await Promise.all([performAlive(attack, target), perform(attack, control)]);
  return { target: onTarget, control: onControl };
}

/** The same where taskd has to answer all the while, whatever else is asked. */
async function performAlive(attack: TaskAttack, target: Target): Promise<Sight> {
  const { attacker, victim } = target;
  // Its own machine may be ruined by its root, and ends with a task that has added too much.
  const isAsked = target.isApart && !target.attacksAsRoot && attack.oracle !== "growth";
  const answering = watchLiveness(target, isAsked ? [victim, attacker] : [victim]);
  const sight = await perform(attack, target);
  const trouble = await answering();
  return trouble === undefined ? sight : { through: true, seen: `${trouble}; ${sight.seen}` };
}

/** What is seen when the script is over; others have to be watched, and everything of them must end with them. */
const QUICK: ReadonlySet<TaskOracle> = new Set<TaskOracle>([
  "token",
  "strangers",
  "change",
  "exports",
  "guest-change",
  "bystander",
  "modes",
  "connection",
]);
/** Who only looked or knocked has changed nothing. */
const HARMLESS: ReadonlySet<TaskOracle> = new Set(["token", "strangers", "connection", "starvation", "growth"]);
/** These leave something in the attacker's own /tmp. */
const LITTERING: ReadonlySet<TaskOracle> = new Set(["excess", "modes"]);
