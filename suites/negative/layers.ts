import { type MachineLayer, machineLayer, type TaskLayer, taskLayer } from "../../runtime/protocol/layers.ts";

export interface LayerUse {
  /** what it takes from whoever is behind it */
  takes: string;
  /** attacks of a task that it is there for */
  attacks: readonly string[];
  /** the other layer behind which it may hide: what the two hold together, neither holds alone */
  beside?: TaskLayer | MachineLayer;
}

/** Of some layers, those around tasks and those around machines; `all` stands for those around tasks. */
export function sortLayers(layers: readonly string[]): { tasks: TaskLayer[]; machines: MachineLayer[] } {
  return {
    tasks: taskLayer.options.filter((layer) => layers.includes(layer) || layers.includes("all")),
    machines: machineLayer.options.filter((layer) => layers.includes(layer)),
  };
}

/** Attacks that layers around a task hold, and that do not get through where all of these are left out; each with the reason. */
export const EXPLAINED: Readonly<Record<string, string>> = {};

/** What each layer is for. Whether that is so is measured; see suites/walls.ts. */
// biome-ignore format: a table
export const TASK_LAYERS: Record<TaskLayer, LayerUse> = {
  view: { takes: "every file but its own and the system's", attacks: ["paths.absolute", "across.write"] },
  pid: { takes: "processes of others, to signal or to look into", attacks: ["proc.cmdline", "across.kill"] },
  ipc: { takes: "shared memory, semaphores and queues of others", attacks: ["ipc.shm", "ipc.queue"] },
  uts: { takes: "the machine's name", attacks: ["kernel.name", "kernel.hostname"] },
  net: { takes: "every network but its own loopback; abstract sockets of others", attacks: ["ipc.abstract-root", "network.loopback"] },
  user: { takes: "users that are not its own", attacks: ["proc.any-root", "proc.environ", "across.vm-read"], beside: "pid" },
  "nested-users": { takes: "user namespaces in which it would be root", attacks: ["mounts.nested-user", "identity.nested-root", "mounts.nested-clone", "running-out.nested-tmp"], beside: "seccomp" },
  uid: { takes: "being root", attacks: ["secrets.private-root", "paths.absolute"], beside: "view" },
  capabilities: { takes: "every right that root has", attacks: ["proc.kmsg", "proc.kcore"], beside: "user" },
  seccomp: { takes: "system calls it has no use for", attacks: ["special-files.setuid", "special-files.setuid-mknod"], beside: "qemu-modes" },
  memory: { takes: "memory that others need", attacks: ["running-out.memory"] },
  processes: { takes: "processes that others need", attacks: ["running-out.processes"] },
  cpu: { takes: "the processor, while others want it", attacks: ["running-out.processor"] },
  tmpfs: { takes: "memory that looks like files", attacks: ["running-out.tmp"] },
  descriptors: { takes: "what the supervisor had open", attacks: ["descriptors.proc-parent", "descriptors.openat", "descriptors.fchdir"] },
  environment: { takes: "the supervisor's environment", attacks: ["secrets.environment"] },
  session: { takes: "the process group and terminal of others", attacks: ["across.kill-groups"] },
  uploads: { takes: "writing to its uploads", attacks: ["across.own-uploads"] },
};

/** The same for the layers around QEMU. An attack of whoever has taken over QEMU names its layer itself. */
// biome-ignore format: a table
export const MACHINE_LAYERS: Record<MachineLayer, LayerUse> = {
  "qemu-view": { takes: "every file but its image, its sockets and its exports", attacks: [] },
  "qemu-net": { takes: "every network; abstract sockets of the host", attacks: [] },
  "qemu-pid": { takes: "processes of the host, to signal or to look into", attacks: [] },
  "qemu-modes": { takes: "making set-id files, and rings that pass by every filter", attacks: [] },
  "file-size": { takes: "a file longer than 8 GiB", attacks: [] },
  quota: { takes: "more bytes and files than a task may add (a task's attack, not one of QEMU)", attacks: ["running-out.folder"] },
};
