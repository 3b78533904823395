import { parseArgs } from "node:util";
import type { Sight } from "../harness/attacks/oracles.ts";
import { perform } from "../harness/attacks/perform.ts";
import { QemuWorld } from "../harness/attacks/qemu-world.ts";
import { Target } from "../harness/attacks/target.ts";
import { WarmMachine } from "../harness/attacks/warm-machine.ts";
import { BWRAP, BY_PI, CONTROL, PIWORK, piworkWay, type Way } from "../harness/attacks/ways.ts";
import { type Check, canRun, conclude, Run, type Tally } from "../harness/checks.ts";
import { prepareMachines } from "../harness/image.ts";
import { Opened } from "../harness/opened.ts";
import { AGENT, ISOLATION } from "../harness/piwork.ts";
import { type AgentKind, agentKind, type Isolation, isolation as isolations } from "../runtime/protocol/kinds.ts";
import { type MachineLayer, machineLayer, taskLayer } from "../runtime/protocol/layers.ts";
import { agentAttacks } from "./negative/catalogue.ts";
import { sortLayers } from "./negative/layers.ts";
import { qemu } from "./negative/qemu.ts";
import { type Entry, entries, isEssential, type Part, scoreOf, stage } from "./negative/stage.ts";
import { openWire } from "./negative/wire.ts";

const USAGE = `usage: negative.ts [FILTER] [options]

  FILTER               checks whose id, group or lane has this in it
  --all                also the neighbours of what every run tries; a FILTER chooses among all
  --agent WHICH        what works in the tasks: probe, or pi, which then attacks by itself, with its own tools; without it, PIWORK_SUITE_AGENT, or probe
  --isolation WHICH    vm (each task in a machine of its own) or shared; without it, PIWORK_SUITE_ISOLATION, or vm
  --list               says which there are, and does nothing
  --target WHICH       piwork, or to look at something else: bwrap, control
  --without LAYER,...  leaves layers of the walls out, and says what gets through then
                       tasks: ${taskLayer.options.join(" ")}
                       machines: ${machineLayer.options.join(" ")}`;

/** Everything that must not happen, tried; every refusal; and the work that must go on all the same. */
export async function negative(filter = "", all = false, isolation = ISOLATION, agent = AGENT): Promise<Tally> {
  const chosen = choose(filter, all, isolation, agent);
  const byAgent = agent === "probe" ? "" : ` --agent ${agent}`;
  const command = `npx mise run test-negative --isolation ${isolation}${byAgent}`;
  const words = [command, ...(all ? ["--all"] : []), ...(filter === "" ? [] : [filter])].join(" ");
  const run = new Run("negative", { command: words, repeat: (id) => `${command} ${id}` });
  run.expect(chosen.map(({ check }) => check));
  const part = (lane: Part) => chosen.filter((entry) => entry.lane === lane).map(({ check }) => check);
  const runLanes = (...lanes: Part[]) => run.perform(lanes.flatMap(part));
  const needs = (...lanes: Part[]) => lanes.some((lane) => part(lane).length > 0);
  const opened = new Opened();
  try {
    const qemu =
      needs("qemu") &&
      opened
        .add(QemuWorld.open())
        .then((world) => (stage.qemu = world))
        .then(() => runLanes("qemu"));
    const onTarget = needs("agent", "tools", "root", "network", "forged", "host", "work");
    const way = agent === "pi" ? BY_PI : PIWORK;
    await allDone([
      onTarget && opened.add(Target.open(way, run.directory, isolation)).then((target) => (stage.target = target)),
      // In one machine with the victim, whatever the target has: there its root gets everywhere.
      needs("agent", "tools", "root", "network", "forged", "shared", "walls") &&
        opened
          .add(Target.open(CONTROL, run.directory, "shared", machineLayer.options))
          .then((control) => (stage.control = control)),
    ]);
    await keepState(run, "before");
    await allDone([qemu, runLanes("agent", "tools", "root", "network", "forged")]);
    const onWire = async () => {
      if (!needs("wire")) return;
      stage.wire = await opened.add(openWire(run.directory));
      await runLanes("wire");
    };
    const onWarm = async () => {
      if (!needs("warm")) return;
      stage.warm = await opened.add(WarmMachine.open(run.directory));
      await runLanes("warm");
    };
    // The control's machine is an unsafe one like the other; its walls can be broken as well as those.
    const onControl = runLanes("shared", "walls").then(() => opened.close(stage.control));
    await allDone([runLanes("host", "work"), onControl, onWire().then(onWarm)]);
    await keepState(run, "after");
  } finally {
    await opened.closeAll();
  }
  const tally = run.finish();
  console.log(
    `\n${scoreOf(
      chosen.filter(({ check }) => canRun(check)),
      run.results,
    )}`,
  );
  return tally;
}

/** Where one fails, the others still come to their end: what they stand on is not taken away from below them. */
async function allDone(works: readonly unknown[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** Of the runtime that is attacked, where one is. */
async function keepState(run: Run, when: "before" | "after"): Promise<void> {
  if (stage.target !== undefined) await run.keepState(when, stage.target.runtime.client);
}

/** What takes an agent's own process with it: nobody is left to say how it ended. */
const NOT_BY_AGENT = /^running-out\./;

function choose(filter: string, all: boolean, isolation: Isolation, agent: AgentKind): readonly Entry[] {
  // In a machine for all tasks its root has them all, and what the task itself tries is tried there anyway.
  const ofOneMachine = (lane: Part) => lane === "root" || lane === "forged" || lane === "shared";
  const ofAgent = (lane: Part) => lane === "agent" || lane === "tools";
  const there = entries.filter(
    ({ lane, check }) =>
      (isolation === "vm" || !ofOneMachine(lane)) &&
      (agent === "probe" ? lane !== "tools" : ofAgent(lane) && !NOT_BY_AGENT.test(check.id)),
  );
  return there.filter(
    (entry) => `${entry.check.id} ${entry.lane}`.includes(filter) && (all || filter !== "" || isEssential(entry)),
  );
}

/** Characters of what was seen that a line shows. */
const SHOWN = 160;

/** What gets through somewhere else: a measurement, of which nothing is expected. */
async function measure(
  way: Way,
  filter: string,
  machines: readonly MachineLayer[],
  isolation: Isolation,
): Promise<Tally> {
  const run = new Run("negative-score", { command: `npx mise run test-negative ${process.argv.slice(2).join(" ")}` });
  const through: string[] = [];
  const attacks = agentAttacks.filter(({ id }) => id.includes(filter));
  const fromQemu = machines.length === 0 ? [] : qemu.filter(({ id }) => id.includes(filter));
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
    await using target = await Target.open(way, run.directory, isolation, machines);
    await run.perform(attacks.map((attack) => tried(attack, (one) => perform(one, target))));
  }
  if (fromQemu.length > 0) {
    await using world = await QemuWorld.open();
    const look = (one: (typeof fromQemu)[number]) => world.perform(one, { without: machines });
    await run.perform(fromQemu.map((attack) => tried(attack, look)));
  }
  const tally = run.finish();
  const left = machines.length === 0 ? "" : `, machines without ${machines.join(", ")}`;
  console.log(`\n${way.description}${left}: attacks ${attacks.length + fromQemu.length} · through ${through.length}`);
  for (const id of through) console.log(`  ${id}`);
  return tally;
}

function list(chosen: readonly Entry[]): void {
  for (const { check, kind, lane } of chosen)
    console.log(`${kind.padEnd(7)}  ${lane.padEnd(5)}  ${check.id}  ${check.claim}`);
  console.log(`${chosen.length} checks`);
}

if (import.meta.filename === process.argv[1]) {
  const { values, positionals } = parseArguments();
  const filter = positionals[0] ?? "";
  const without = values.without?.split(",") ?? [];
  const isolation = isolations.parse(values.isolation ?? ISOLATION);
  const agent = agentKind.parse(values.agent ?? AGENT);
  const chosen = choose(filter, values.all, isolation, agent);
  if (chosen.length === 0) {
    console.error(`no check has '${filter}' in its id, group or lane; --list shows them`);
    process.exit(2);
  }
  if (values.list) {
    list(chosen);
  } else if (values.target === "piwork" && without.length === 0) {
    await prepareMachines("safe", "unsafe", ...(agent === "pi" ? ["unsafe-pi" as const] : []));
    conclude(await negative(filter, values.all, isolation, agent));
  } else {
    const { tasks, machines } = sortLayers(without);
    const ways: Record<string, Way> = { piwork: piworkWay(tasks), bwrap: BWRAP, control: CONTROL };
    await prepareMachines("safe", "unsafe");
    // Between tasks there is most to see in one machine.
    conclude(
      await measure(ways[values.target] as Way, filter, machines, isolations.parse(values.isolation ?? "shared")),
    );
  }
}

function parseArguments() {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        agent: { type: "string" },
        isolation: { type: "string" },
        list: { type: "boolean", default: false },
        target: { type: "string", default: "piwork" },
        without: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const { help, target, without, isolation } = parsed.values;
    if (help) {
      console.log(USAGE);
      process.exit(0);
    }
    if (!["piwork", "bwrap", "control"].includes(target)) throw new Error(`there is no target '${target}'`);
    if (parsed.values.agent !== undefined && !agentKind.safeParse(parsed.values.agent).success)
      throw new Error(`there is no agent '${parsed.values.agent}'`);
    if (isolation !== undefined && !isolations.safeParse(isolation).success)
      throw new Error(`there is no isolation '${isolation}'`);
    const known: readonly string[] = [...taskLayer.options, ...machineLayer.options];
    for (const layer of without?.split(",") ?? [])
      if (!known.includes(layer)) throw new Error(`there is no layer '${layer}'`);
    if (without !== undefined && target !== "piwork") throw new Error("--without is for the target piwork");
    if (parsed.positionals.length > 1) throw new Error("one filter at a time");
    return parsed;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}
