import type { Confinement } from "../../harness/attacks/confinement.ts";
import { perform } from "../../harness/attacks/perform.ts";
import { QemuWorld } from "../../harness/attacks/qemu-world.ts";
import { Target } from "../../harness/attacks/target.ts";
import type { Sight } from "../../harness/attacks/verdict.ts";
import { type Check, Run, type Tally } from "../../harness/checks/checks.ts";
import type { Isolation } from "../../runtime/protocol/kinds.ts";
import type { MachineLayer } from "../../runtime/protocol/layers.ts";
import { agentAttacks } from "./catalogue.ts";
import { EXPLAINED } from "./layers.ts";
import { qemuAttacks } from "./qemu/qemu.ts";

/** Characters of what was seen that a line shows. */
const SHOWN = 160;

/** Each of these attacks must have got through, or be explained. */
function judge(attacks: readonly { id: string }[], through: readonly string[], tally: Tally): Tally {
  const held = attacks.map(({ id }) => id).filter((id) => !through.includes(id));
  const explained = held.filter((id) => id in EXPLAINED);
  const others = held.filter((id) => !(id in EXPLAINED));
  if (others.length > 0) console.log(`\nheld without any layer, and not explained: ${others.join(" ")}`);
  console.log(`\nattacks ${attacks.length} · through ${through.length} · explained ${explained.length}`);
  return { ...tally, failed: Math.max(tally.failed, others.length) };
}

/** What gets through somewhere else: a measurement, of which nothing is expected. */
export async function measure(
  confinement: Confinement,
  filter: string,
  machines: readonly MachineLayer[],
  isolation: Isolation,
  mustGetThrough = false,
): Promise<Tally> {
  const run = new Run("negative-score", { command: `npx mise run test-negative ${process.argv.slice(2).join(" ")}` });
  const through: string[] = [];
  const attacks = agentAttacks.filter(({ id, held }) => id.includes(filter) && (!mustGetThrough || held.by === "task"));
  const fromQemu = machines.length === 0 ? [] : qemuAttacks.filter(({ id }) => id.includes(filter));
  const tried = <A extends { id: string; tries: string }>(attack: A, look: (attack: A) => Promise<Sight>): Check => ({
    id: attack.id,
    claim: `${attack.tries}: it can be tried, whatever comes of it`,
    async run() {
      const sight = await look(attack);
      if (sight.through) through.push(attack.id);
      console.log(`${sight.through ? "THROUGH" : "held   "}  ${sight.seen.slice(0, SHOWN)}`);
      return sight;
    },
  });
  run.expect([...attacks, ...fromQemu]);
  if (attacks.length > 0) {
    await using target = await Target.open(confinement, run.directory, isolation, machines);
    await run.perform(attacks.map((attack) => tried(attack, (one) => perform(one, target))));
  }
  if (fromQemu.length > 0) {
    await using world = await QemuWorld.open();
    const look = (one: (typeof fromQemu)[number]) => world.perform(one, { without: machines });
    await run.perform(fromQemu.map((attack) => tried(attack, look)));
  }
  const tally = run.finish();
  const left = machines.length === 0 ? "" : `, machines without ${machines.join(", ")}`;
  console.log(
    `\n${confinement.description}${left}: attacks ${attacks.length + fromQemu.length} · through ${through.length}`,
  );
  for (const id of through) console.log(`  ${id}`);
  return mustGetThrough ? judge(attacks, through, tally) : tally;
}
