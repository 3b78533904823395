import { readFileSync, statSync } from "node:fs";
import type { Boundary, HostWall } from "../api/boundary.ts";

const NAMESPACES = { user: "user", mount: "mnt", pid: "pid", network: "net", ipc: "ipc", uts: "uts" } as const;

/** What the host's kernel says of the walls around a QEMU that runs; nothing where it has just ended. */
export function readHostWalls(pid: number | undefined): Boundary["qemu"] {
  if (pid === undefined) return [];
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "not told";
    const isNone = (set: string) => /^0+$/.test(set);
    const [effective, bounding] = [field("CapEff"), field("CapBnd")];
    return [
      wall("capabilities", isNone(effective) && isNone(bounding), `effective ${effective}, bounding ${bounding}`),
      wall("new-privileges", field("NoNewPrivs") === "1", `NoNewPrivs ${field("NoNewPrivs")}`),
      wall("seccomp", field("Seccomp") === "2", `Seccomp ${field("Seccomp")}, filters ${field("Seccomp_filters")}`),
      ...Object.entries(NAMESPACES).map(([name, file]) => readNamespace(pid, name as keyof typeof NAMESPACES, file)),
    ];
  } catch {
    return [];
  }
}

function readNamespace(pid: number, name: keyof typeof NAMESPACES, file: string): Boundary["qemu"][number] {
  const [its, ours] = [pid, process.pid].map((of) => statSync(`/proc/${of}/ns/${file}`).ino);
  return wall(
    name,
    its !== ours,
    its === ours ? "the host's own namespace" : `namespace ${its}, the host's is ${ours}`,
  );
}

function wall(name: HostWall, holds: boolean, seen: string): Boundary["qemu"][number] {
  return { wall: name, holds, seen };
}
