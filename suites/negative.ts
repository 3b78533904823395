import type { Lane } from "../harness/attacks/attack.ts";
import { BWRAP, BY_PI, CONTROL, type Confinement, PIWORK, piworkWithout } from "../harness/attacks/confinement.ts";
import { Fixtures } from "../harness/attacks/fixtures.ts";
import { QemuWorld } from "../harness/attacks/qemu-world.ts";
import { Target } from "../harness/attacks/target.ts";
import { WarmMachine } from "../harness/attacks/warm-machine.ts";
import { canRun, conclude, Run, type Tally } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import { AGENT, ISOLATION } from "../harness/runtimes/piwork.ts";
import { agentKind, isolation as isolations } from "../runtime/protocol/kinds.ts";
import { machineLayer } from "../runtime/protocol/layers.ts";
import { choose, list } from "./negative/choose.ts";
import { parseArguments } from "./negative/command-line.ts";
import { sortLayers } from "./negative/layers.ts";
import { measure } from "./negative/measure.ts";
import { scoreOf } from "./negative/score.ts";
import { openWire } from "./negative/wire/wire.ts";

/** What is tried on no runtime, or on machines that are booted. */
const WITHOUT_RUNTIME: ReadonlySet<Lane> = new Set(["qemu", "warm", "wire"]);

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
    const clones = agent === "pi" ? (["unsafe", "unsafe-pi"] as const) : (["unsafe"] as const);
    await prepareMachines(...(chosen.every(({ lane }) => WITHOUT_RUNTIME.has(lane)) ? [] : clones));
    conclude(await negative(filter, values.all, isolation, agent));
  } else {
    const { tasks, machines } = sortLayers(without);
    const confinements: Record<string, Confinement> = { piwork: piworkWithout(tasks), bwrap: BWRAP, control: CONTROL };
    await prepareMachines("safe", "unsafe");
    // Between tasks there is most to see in one machine.
    const confinement = confinements[values.target] as Confinement;
    const where = isolations.parse(values.isolation ?? "shared");
    conclude(await measure(confinement, filter, machines, where, without.includes("all")));
  }
}

/** Everything that must not happen, tried; every refusal; and the work that must go on all the same. */
export async function negative(filter = "", all = false, isolation = ISOLATION, agent = AGENT): Promise<Tally> {
  const chosen = choose(filter, all, isolation, agent);
  const byAgent = agent === "probe" ? "" : ` --agent ${agent}`;
  const command = `npx mise run test-negative --isolation ${isolation}${byAgent}`;
  const words = [command, ...(all ? ["--all"] : []), ...(filter === "" ? [] : [filter])].join(" ");
  const run = new Run("negative", { command: words, repeat: (id) => `${command} ${id}` });
  run.expect(chosen);
  {
    await using fixtures = new Fixtures();
    await runLanes(run, chosen, fixtures, () => Target.open(agent === "pi" ? BY_PI : PIWORK, run.directory, isolation));
  }
  const tally = run.finish();
  console.log(
    `\n${scoreOf(
      chosen.filter((check) => canRun(check)),
      run.results,
    )}`,
  );
  return tally;
}

/** Runs the checks by lane, each once what it needs is open. */
async function runLanes(
  run: Run,
  chosen: ReturnType<typeof choose>,
  fixtures: Fixtures,
  openTarget: () => Promise<Target>,
): Promise<void> {
  const part = (lanes: readonly Lane[]) => lanes.flatMap((lane) => chosen.filter((check) => check.lane === lane));
  const perform = (...lanes: Lane[]) => run.perform(part(lanes), fixtures);
  const ofTasks = part(["agent", "tools"]);
  const [elsewhere, here] = [true, undefined].map((where) => ofTasks.filter((check) => check.elsewhere === where)) as [
    typeof ofTasks,
    typeof ofTasks,
  ];
  const needs = (...lanes: Lane[]) => part(lanes).length > 0;
  const onQemu = async () => {
    if (!needs("qemu")) return;
    await fixtures.open("qemu", QemuWorld.open());
    await perform("qemu");
  };
  const onWire = async () => {
    if (!needs("wire")) return;
    await fixtures.open("wire", openWire(run.directory));
    await perform("wire");
  };
  const onWarm = async () => {
    if (!needs("warm")) return;
    await fixtures.open("warm", WarmMachine.open(run.directory));
    await perform("warm");
  };
  const keepState = async (when: "before" | "after") => {
    if (fixtures.has("target")) await run.keepState(when, fixtures.target.runtime.client);
  };

  const qemu = onQemu();
  await allDone([
    needs("agent", "tools", "root", "network", "forged", "host", "work") && fixtures.open("target", openTarget()),
    // In one machine with the victim, whatever the target has: there its root gets everywhere.
    (elsewhere.length > 0 || needs("root", "network", "forged", "shared", "walls")) &&
      fixtures.open("control", Target.open(CONTROL, run.directory, "shared", machineLayer.options)),
  ]);
  await keepState("before");
  // Attacks of a task have their control in the task's own machine: meanwhile the other runtime is free for what needs only that.
  // Its machine is an unsafe one as well; its walls can be broken.
  await allDone([qemu, run.perform(here, fixtures), perform("shared", "walls")]);
  await run.perform(elsewhere, fixtures);
  await perform("root", "network", "forged");
  await allDone([perform("host", "work"), fixtures.close("control"), onWire().then(onWarm)]);
  await keepState("after");
}

/** Where one fails, the others still come to their end: what they stand on is not taken away from below them. */
async function allDone(works: readonly unknown[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}
