import { type MachineLayer, machineLayer, type TaskLayer, taskLayer } from "../../runtime/protocol/layers.ts";

export interface LayerUse {
  /** what it takes from a task */
  takes: string;
  /** attacks that it is there for */
  attacks: readonly string[];
  /** the other layer behind which it may hide: what the two hold together, neither holds alone */
  beside?: TaskLayer | MachineLayer;
}

/** Of some layers, those around tasks and those around machines. */
export function sortLayers(layers: readonly string[]): { tasks: TaskLayer[]; machines: MachineLayer[] } {
  return {
    tasks: taskLayer.options.filter((layer) => layers.includes(layer)),
    machines: machineLayer.options.filter((layer) => layers.includes(layer)),
  };
}

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

/** The layers around QEMU: what each takes from whoever has taken over QEMU. The attacks that it is there for name it. */
export const MACHINE_LAYERS: Record<MachineLayer, string> = {
  "qemu-view": "every file but its image, its sockets and its exports",
  "qemu-net": "every network; abstract sockets of the host",
  "qemu-pid": "processes of the host, to signal or to look into",
  "qemu-modes": "making set-id files, and rings that pass by every filter",
  "file-size": "a file longer than 8 GiB",
  quota: "more bytes and files than a task may add (a task's attack, not one of QEMU)",
};

/** What a task tries against a layer around machines. */
export const QUOTA_ATTACKS: readonly string[] = ["running-out.folder"];
