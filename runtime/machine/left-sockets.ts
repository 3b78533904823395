import { readdirSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../workspace/remove-tree.ts";

/** Removes the sockets of machines whose runtime was killed: the machines ended with it, and nobody was left to remove them. */
export function removeLeftSockets(
  sockets: string,
  warn: (message: string, facts: Record<string, unknown>) => void,
): void {
  for (const id of readdirSync(sockets).filter((name) => /^machine-\d+$/.test(name))) {
    try {
      removeTree(join(sockets, id));
    } catch (error) {
      warn("sockets of a machine whose runtime was killed could not be removed", { id, error });
    }
  }
}
