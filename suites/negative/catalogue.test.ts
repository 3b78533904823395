import assert from "node:assert/strict";
import { test } from "node:test";
import { agentAttacks, attacks, catalogue } from "./catalogue.ts";
import { MACHINE_LAYERS, TASK_LAYERS } from "./layers.ts";

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

test("each attack that a layer is there for exists", () => {
  const known: ReadonlySet<string> = new Set(agentAttacks.map(({ id }) => id));
  const named = [...Object.values(TASK_LAYERS), ...Object.values(MACHINE_LAYERS)].flatMap((layer) => layer.attacks);
  assert.deepEqual(
    named.filter((id) => !known.has(id)),
    [],
  );
});
