import * as z from "zod";

export const taskLayer = z
  .enum([
    "view",
    "pid",
    "ipc",
    "uts",
    "net",
    "user",
    "nested-users",
    "uid",
    "capabilities",
    "seccomp",
    "memory",
    "processes",
    "cpu",
    "tmpfs",
    "descriptors",
    "environment",
    "session",
    "uploads",
  ])
  .meta({
    title: "task layer",
    description: "Wall around a task inside its machine, named by what it takes from the task.",
  });
export type TaskLayer = z.infer<typeof taskLayer>;

/** The walls around a machine on the host. */
export const machineLayer = z.enum(["qemu-view", "qemu-net", "qemu-pid", "qemu-modes", "file-size", "quota"]);
export type MachineLayer = z.infer<typeof machineLayer>;
