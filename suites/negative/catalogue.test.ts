import assert from "node:assert/strict";
import { test } from "node:test";
import { groupOf, type TaskAttack } from "../../harness/attacks/attack.ts";
import { CONTROL, OPEN, PIWORK, WHOLE } from "../../harness/attacks/confinement.ts";
import { layersLeftOut, type Sides, sidesOf } from "../../harness/attacks/sides.ts";
import { agentAttacks, attacks, catalogue } from "./catalogue.ts";
import { EXPLAINED, MACHINE_LAYERS, TASK_LAYERS } from "./layers.ts";

/** Attacks that may be held although every layer that is to hold them is left out. */
const MOST_EXPLAINED = 8;
/** Attacks that may be kept although nothing shows that they work. */
const MOST_DEAD = 10;

test("at most ten attacks of all lanes are dead, and each says why", () => {
  const dead = attacks.filter((attack) => attack.dead !== undefined);
  const ids = dead.map(({ id }) => id);
  assert.equal(dead.length <= MOST_DEAD, true, `${dead.length} are dead: ${ids.join(" ")}`);
  for (const { id, dead: reason = "" } of dead)
    assert.match(reason, /\w+ \w+ \w+/, `${id} does not say why it is dead`);
});

test("each check has an id of its own", () => {
  const ids = catalogue.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
});

test("what counts as an attack is marked as one for whoever checks the evidence, and nothing else is", () => {
  const unlike = catalogue.filter(({ kind, attack }) => (kind === "attack") !== (attack !== undefined));
  assert.deepEqual(
    unlike.map(({ id }) => id),
    [],
  );
  for (const { id, attack } of catalogue) assert.notEqual(attack?.tried, "", id);
});

const heldByTask = attacks.filter((attack): attack is TaskAttack => "held" in attack && attack.held.by === "task");

/** How two sides differ in anything but the layers that are left out; undefined where they do not. */
function strangeDifference({ whole, open }: Sides): string | undefined {
  const script = "echo";
  if (layersLeftOut(whole)?.length !== 0) return "the target is not behind all walls";
  if (layersLeftOut(open)?.length === 0) return "the control leaves out no layer";
  if (layersLeftOut(open) === undefined) return "the control is not a process of the task";
  if (open.agent !== undefined || open.name !== whole.name) return "the control is another program";
  if (open.enter(script).argv.join(" ") !== whole.enter(script).argv.join(" ")) return "the control runs other words";
  return undefined;
}

test("an attack that a task's walls hold has a control that differs in these walls only", () => {
  for (const attack of heldByTask) assert.equal(strangeDifference(sidesOf(attack)), undefined, attack.id);
});

test("a control that differs otherwise is noticed", () => {
  const differences = [
    { whole: PIWORK, open: CONTROL },
    { whole: PIWORK, open: WHOLE.waiting },
    { whole: OPEN.all, open: OPEN.all },
    { whole: PIWORK, open: { ...OPEN.all, agent: "probe" as const } },
    { whole: PIWORK, open: { ...OPEN.all, enter: () => ({ argv: ["true"], without: ["view" as const] }) } },
  ].map(strangeDifference);
  assert.equal(new Set(differences).size, 5, differences.join("; "));
  assert.equal(differences.includes(undefined), false);
});

test("each group of attacks by a task goes through the agent's sandbox, or through the one that waits", () => {
  const groups = new Set(agentAttacks.map(groupOf));
  for (const group of groups)
    assert.equal(
      agentAttacks.some((attack) => groupOf(attack) === group && attack.essential && attack.way !== "fresh"),
      true,
      group,
    );
  assert.deepEqual([...new Set(agentAttacks.map(({ way }) => way))].sort(), ["agent", "fresh", "waiting"]);
});

test("what is held without any layer is one of few attacks, and explained", () => {
  const ids = Object.keys(EXPLAINED);
  const known = new Set(heldByTask.map(({ id }) => id));
  assert.equal(ids.length <= MOST_EXPLAINED, true);
  for (const id of ids) {
    assert.equal(known.has(id), true, id);
    assert.match(EXPLAINED[id] ?? "", /\w+ \w+ \w+/, id);
  }
});

test("each attack that a layer is there for exists", () => {
  const known: ReadonlySet<string> = new Set(agentAttacks.map(({ id }) => id));
  const named = [...Object.values(TASK_LAYERS), ...Object.values(MACHINE_LAYERS)].flatMap((layer) => layer.attacks);
  assert.deepEqual(
    named.filter((id) => !known.has(id)),
    [],
  );
});
