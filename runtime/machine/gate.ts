import type { MachineLayer } from "../protocol/layers.ts";
import { LIMITS } from "../protocol/limits.ts";

/** POSIX has `ulimit` count in these. */
const BLOCK_BYTES = 512;

/** Without the signal, a write beyond the limit is an error for whoever asked for it, and not QEMU's end. */
const LIMIT = `trap '' XFSZ && ulimit -f ${LIMITS.fileBytes / BLOCK_BYTES} && `;

/**
 * Bubblewrap ties both its processes to the life of their parent, each at a moment of its own. QEMU is let in only after
 * both have done so: the outer one reports a pid then, the inner one runs this. If this program dies before, the gate's end
 * closes and the inner one goes. Without it a kill at the wrong moment would leave a QEMU without a parent.
 */
const GATE = 'echo ready >&4 && read -r go <&4 && [ "$go" = go ] && exec "$@" 3>&- 4>&- 5>&-';

/** The command line that limits how long QEMU's files get, says "ready" on descriptor 4, and runs QEMU once told "go" there. */
export function behindGate(command: readonly string[], without: readonly MachineLayer[]): string[] {
  return ["sh", "-c", `${without.includes("file-size") ? "" : LIMIT}${GATE}`, "gate", ...command];
}
