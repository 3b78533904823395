import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { QemuProcess } from "../api/dump.ts";
import { type Mount, mountsOf } from "../linux/mountinfo.ts";
import { readHostWalls } from "../machine/host-walls.ts";
import { nameHere, nameOf, realPath } from "./mount-table.ts";

/** Every QEMU whose sockets lie where those of this runtime's machines do, by the machine, whoever started it. */
export function findQemus(sockets: string, own: readonly Mount[]): Map<string, QemuProcess[]> {
  const found = new Map<string, QemuProcess[]>();
  const directory = realPath(sockets);
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const stat = readStat(pid);
    if (stat === undefined || !stat.name.startsWith("qemu")) continue;
    const mounts = mountsOf(pid);
    const machine = machineByView(mounts, directory, own) ?? machineByWords(pid, sockets);
    if (machine === undefined) continue;
    const process = { pid, state: stat.state, walls: readHostWalls(pid), exports: exportsIn(mounts, own) };
    found.set(machine, [...(found.get(machine) ?? []), process]);
  }
  return found;
}

/** Behind its walls a QEMU has the directory of its sockets at a place of its own. */
function machineByView(mounts: readonly Mount[], sockets: string, own: readonly Mount[]): string | undefined {
  const mount = mounts.find(({ target }) => target === "/sockets");
  if (mount === undefined) return undefined;
  const path = nameHere({ ...mount, root: mount.root.replace(/\/\/deleted$/, "") }, own);
  return dirname(path) === nameOf(sockets, own) ? basename(path) : undefined;
}

/** Without a view of its own it is known by its command line. */
function machineByWords(pid: number, sockets: string): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const path = words.map((word) => /path=([^,]+)\/qmp\.sock,/.exec(word)?.[1]).find((one) => one !== undefined);
    return path !== undefined && dirname(path) === sockets ? basename(path) : undefined;
  } catch {
    return undefined; // it has just ended
  }
}

const EXPORTS = "/export/";

/** What it sees of the host below its exports. */
function exportsIn(mounts: readonly Mount[], own: readonly Mount[]): QemuProcess["exports"] {
  const exported = mounts.filter(({ target }) => target.startsWith(EXPORTS));
  if (exported.length === 0) return null;
  return exported.map((mount) => ({ at: mount.target.slice(EXPORTS.length), from: nameHere(mount, own) }));
}

/** What the kernel calls a process, and what it does; undefined where it has ended. */
function readStat(pid: number): { name: string; state: string } | undefined {
  try {
    // The name stands in brackets and may hold anything.
    const [, name = "", state = ""] = /\((.*)\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return { name, state };
  } catch {
    return undefined;
  }
}
