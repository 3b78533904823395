import type { StatusView } from "../api/status.ts";
import type { Acceleration } from "../machine/acceleration.ts";
import type { Template } from "../machine/template.ts";
import type { Isolation } from "../protocol/kinds.ts";
import type { Image } from "../state/image.ts";
import type { Present } from "./fleet.ts";
import { processMemoryKb } from "./room.ts";

export function describeMachine({ machine, task }: Present): StatusView["machines"][number] {
  return {
    id: machine.id,
    task,
    state: machine.state,
    pid: machine.pid ?? null,
    memoryMb: machine.memoryMb,
    residentKb: processMemoryKb(machine.pid, "VmRSS") ?? null,
    bootMs: machine.bootMs === null ? null : Math.round(machine.bootMs),
    startedAt: new Date(machine.startedAt).toISOString(),
  };
}

export function describeImage({ manifest }: Image): NonNullable<StatusView["image"]> {
  return { inputs: manifest.inputs, kernel: manifest.kernel.release, node: manifest.node.version };
}

export function describeTemplate(template: Template | undefined): StatusView["template"] {
  if (template === undefined) return null;
  const { key, createdAt } = template.manifest;
  return { key: key.slice(0, 16), createdAt };
}

const UNSAFE = "UNSAFE: this runtime's machines are there to be attacked. It must never see anybody's files.";
const NOT_WRITTEN = "The last change of a task could not be written down: is the disk of the state directory full?";
const EMULATED = "Software emulation: QEMU's project gives no security guarantee without hardware virtualisation.";
const SHARED =
  "Tasks share one machine: what keeps them apart is its kernel. docs/guarantees.md says what is shown, and what is not.";
const UNCONFINED =
  "UNCONFINED QEMU (--unconfined-qemu): it runs as you, without bubblewrap. Whoever breaks out of the machine has your files and your network, and nothing keeps a task from leaving set-id files in its folder.";

/** What the numbers do not say by themselves. */
export function warnings(facts: {
  isolation: Isolation;
  acceleration: Acceleration | undefined;
  unsafe: boolean;
  unconfinedQemu: boolean;
  broken: readonly string[];
  isWritten: boolean;
}): string[] {
  return [
    facts.unsafe && UNSAFE,
    facts.unconfinedQemu && UNCONFINED,
    ...facts.broken,
    !facts.isWritten && NOT_WRITTEN,
    facts.isolation === "shared" && SHARED,
    facts.acceleration?.used === "tcg" && EMULATED,
  ].filter((one) => one !== false);
}
