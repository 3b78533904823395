import { readdirSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../workspace/remove-tree.ts";

/** Directories of a machine, of its rehearsal, of a template that is made, and of the question whether KVM works. */
const LEFT = /^(?:(?:rehearsal-)?machine-\d+|rehearsal|template|probe-(?:kvm|tcg))$/;

/** Removes the sockets of machines whose runtime was killed: the machines ended with it, and nobody was left to remove them. */
export function removeLeftSockets(
  sockets: string,
  warn: (message: string, facts: Record<string, unknown>) => void,
): void {
  for (const id of readdirSync(sockets).filter((name) => LEFT.test(name))) {
    try {
      removeTree(join(sockets, id));
    } catch (error) {
      warn("sockets of a machine whose runtime was killed could not be removed", { id, error });
    }
  }
}
