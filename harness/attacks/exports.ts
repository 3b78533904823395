import { $ } from "zx";
import type { Target } from "./target.ts";

const LINE = "%D %p\\t%y %m %U %G %s %T@ %l\\n";

/**
 * A line for everything in the directories that machines of single tasks are shown theirs in, as QEMU sees them. Of what is shown
 * there, which is a mount of its own, only that it is there.
 */
export async function exportsPicture({ runtime, isApart }: Target): Promise<string[]> {
  if (!isApart) return [];
  const { machines } = await runtime.client.call("status", {});
  return machines.flatMap(({ pid, task }) => {
    if (task === null) return [];
    const directory = `/proc/${pid}/root/export`;
    const { stdout } = $.sync`cd ${directory} && find workspace tasks -xdev -printf ${LINE}`;
    const lines = stdout.trim().split("\n");
    const [own] = lines[0]?.split(" ") ?? [];
    return lines.map((line) => `exported to ${task}: ${line.startsWith(`${own} `) ? line : line.split("\t")[0]}`);
  });
}
