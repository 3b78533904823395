import { network } from "../../../harness/attacks/attack.ts";
import { FIND_VICTIM } from "../agent/scripts.ts";
import { connected, ONE } from "./reached.ts";
import { get, tell } from "./scripts.ts";

const ASK = tell(get("http://allowed.example/"));

/** Connections in the name of another task, which may go where this one may not. */
export const networkAcross = network(
  "network-across",
  { reached: connected, allowOther: ONE, control: "machine", isDirect: true },
  [
    [
      "namespace",
      "joins another's network and asks its proxy",
      `${FIND_VICTIM}; nsenter -t "\${v:-0}" -n ${ASK} || true`,
      { essential: true },
    ],
  ],
);
