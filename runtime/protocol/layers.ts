import * as z from "zod";

/** The walls around a task inside its machine, each by what it takes from the task. */
export const taskLayer = z.enum([
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
]);
export type TaskLayer = z.infer<typeof taskLayer>;

/** The walls around a machine on the host. */
export const machineLayer = z.enum(["qemu-view", "qemu-net", "qemu-pid", "qemu-modes", "file-size", "quota"]);
export type MachineLayer = z.infer<typeof machineLayer>;
