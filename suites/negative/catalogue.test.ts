import assert from "node:assert/strict";
import { test } from "node:test";
import { agentAttacks, ESSENTIAL, rootAttacks } from "./catalogue.ts";
import { MACHINE_LAYERS, TASK_LAYERS } from "./layers.ts";
import { ESSENTIAL_NETWORK, networkAttacks, networkRootAttacks } from "./network/network.ts";
import { qemu } from "./qemu/qemu.ts";
import { entries, hostFiles } from "./stage.ts";
import { piTools } from "./tools/pi-tools.ts";

/** Attacks that may be kept although nothing shows that they work. */
const MOST_DEAD = 10;

const all: readonly { id: string; dead?: string }[] = [
  ...[agentAttacks, rootAttacks, piTools, networkAttacks, networkRootAttacks, hostFiles, qemu].flat(),
];

test("at most ten attacks of all lanes are dead, and each says why", () => {
  const dead = all.filter((attack) => attack.dead !== undefined);
  const ids = dead.map(({ id }) => id);
  assert.equal(dead.length <= MOST_DEAD, true, `${dead.length} are dead: ${ids.join(" ")}`);
  for (const { id, dead: reason = "" } of dead)
    assert.match(reason, /\w+ \w+ \w+/, `${id} does not say why it is dead`);
});

test("each attack has an id of its own", () => {
  const ids = all.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
});

test("what counts as an attack is marked as one for whoever checks the evidence, and nothing else is", () => {
  const unlike = entries.filter(({ kind, check }) => (kind === "attack") !== (check.attack !== undefined));
  assert.deepEqual(
    unlike.map(({ check }) => check.id),
    [],
  );
  for (const { check } of entries) assert.notEqual(check.attack?.tried, "", check.id);
});

const known: ReadonlySet<string> = new Set([...agentAttacks, ...rootAttacks].map(({ id }) => id));

test("each attack that a layer is there for exists", () => {
  const named = [...Object.values(TASK_LAYERS), ...Object.values(MACHINE_LAYERS)].flatMap(({ attacks }) => attacks);
  assert.deepEqual(
    named.filter((id) => !known.has(id)),
    [],
  );
});

test("each attack that every run is to try exists", () => {
  const named = [...Object.entries(ESSENTIAL), ...Object.entries(ESSENTIAL_NETWORK)].flatMap(([group, names]) =>
    names.split(" ").map((name) => `${group}.${name}`),
  );
  const there = new Set([...known, ...entries.map(({ check }) => check.id)]);
  assert.deepEqual(
    named.filter((id) => !there.has(id)),
    [],
  );
});
