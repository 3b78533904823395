import { readdirSync, readlinkSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { $ } from "zx";
import { spawnHypervisor } from "../../runtime/machine/hypervisor.ts";
import type { MachinePaths } from "../../runtime/machine/walls.ts";
import type { MachineLayer } from "../../runtime/protocol/layers.ts";
import { processStatus, processTree } from "../host/processes.ts";

/** A script that looks finished after this long has hung. */
const SCRIPT_DEADLINE_MS = 10_000;
/** Between two looks at the processes of a script. */
const LOOK_EVERY_MS = 10;

/** QEMU's walls, some of them left out, or no walls at all. */
export type WallsOfQemu = { without: readonly MachineLayer[] } | "none";

/** Runs a command where QEMU would be: what it said, and what its processes had meanwhile that QEMU has not. */
export async function runInPlaceOfQemu(paths: MachinePaths, command: string[], walls: WallsOfQemu) {
  const child = walls === "none" ? runOnHost(command) : runConfined(paths, command, walls.without);
  const deadline = setTimeout(() => child.kill(), SCRIPT_DEADLINE_MS);
  const rights = new Set<string>();
  const ring = new Set<string>();
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      for (const pid of child.pid() === undefined ? [] : processTree(child.pid() as number)) {
        for (const right of rightsOf(pid)) rights.add(right);
        for (const descriptor of descriptorsOf(pid)) if (descriptor.includes("io_uring")) ring.add(descriptor);
      }
      await delay(LOOK_EVERY_MS);
    }
  })();
  const output = await child.output;
  clearTimeout(deadline);
  isOver = true;
  await looking;
  return { output, rights: [...rights], ring: [...ring] };
}

/** One command, wherever it runs. */
interface Running {
  pid(): number | undefined;
  output: Promise<string>;
  kill(): void;
}

function runOnHost(command: string[]): Running {
  // A group of its own, so that nothing of it outlives its end.
  const child = $({ stdio: ["ignore", "pipe", "ignore"], detached: true, env: {}, nothrow: true })`exec ${command}`;
  const kill = () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // all of it has ended
    }
  };
  return { pid: () => child.pid, output: text(child.stdout).finally(kill), kill };
}

function runConfined(paths: MachinePaths, command: string[], without: readonly MachineLayer[]): Running {
  const child = spawnHypervisor(paths, "tcg", command, { unconfined: false, without });
  const output = text(child.console).then(async (words) => {
    const end = await child.ended;
    if (/bwrap: |gate: /.test(end.words)) throw new Error(`the walls could not be built: ${end.words}`);
    return words;
  });
  return { pid: () => child.pid, output, kill: () => child.kill() };
}

/** What a process can do beyond what QEMU can: capabilities, in whatever namespace; mounts that were not there. */
function rightsOf(pid: number): string[] {
  try {
    const { Name, CapEff = "" } = processStatus(pid);
    // Bubblewrap itself has capabilities while it builds the walls.
    if (Name === "bwrap" || /^0*$/.test(CapEff)) return [];
    return [`${Name} has the capabilities ${CapEff}`];
  } catch {
    return []; // ended meanwhile
  }
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // ended meanwhile
  }
}
