import { join } from "node:path";
import { piworkWithout } from "../harness/attacks/confinement.ts";
import { QemuWorld } from "../harness/attacks/qemu-world.ts";
import { Target } from "../harness/attacks/target.ts";
import { conclude, Run } from "../harness/checks/checks.ts";
import { prepareMachines } from "../harness/machines/prepare.ts";
import type { MachineLayer } from "../runtime/protocol/layers.ts";
import { machineChecks, taskChecks } from "./walls/checks.ts";
import { writeDocument } from "./walls/document.ts";

await prepareMachines("safe", "unsafe");
const run = new Run("walls", { command: "npx mise run test-walls" });
const targets = new Map<string, Target>();
const openTarget = async (machines: readonly MachineLayer[]) => {
  const key = machines.join(",");
  const target =
    targets.get(key) ?? (await Target.open(piworkWithout([]), join(run.directory, key), "shared", machines));
  targets.set(key, target);
  return target;
};
const taskRows: string[] = [];
const machineRows: string[] = [];
const world = await QemuWorld.open();

const checks = [...taskChecks(openTarget, taskRows), ...machineChecks(openTarget, world, machineRows)];
run.expect(checks);
try {
  await run.perform(checks);
} finally {
  for (const target of targets.values()) await target[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
}
const tally = run.finish();
if (tally.failed === 0) writeDocument(taskRows, machineRows);
conclude(tally);
