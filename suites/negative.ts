import { QemuWorld } from "../harness/attacks/qemu-world.ts";
import { Target } from "../harness/attacks/target.ts";
import { WarmMachine } from "../harness/attacks/warm-machine.ts";
import { BWRAP, BY_PI, CONTROL, PIWORK, piworkWay, type Way } from "../harness/attacks/ways.ts";
import { canRun, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { Opened } from "../harness/checks/opened.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { AGENT, ISOLATION } from "../harness/runtimes/piwork.ts";
import { agentKind, isolation as isolations } from "../runtime/protocol/kinds.ts";
import { machineLayer } from "../runtime/protocol/layers.ts";
import { choose, list } from "./negative/choose.ts";
import { parseArguments } from "./negative/command-line.ts";
import { sortLayers } from "./negative/layers.ts";
import { measure } from "./negative/measure.ts";
import { type Part, scoreOf, stage } from "./negative/stage.ts";
import { openWire } from "./negative/wire/wire.ts";

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
  const tried = chosen.filter(({ check }) => canRun(check));
  console.log(`\n${scoreOf(tried, run.results)}`);
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
