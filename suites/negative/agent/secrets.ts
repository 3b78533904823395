import { agent } from "../../../harness/attacks/attack.ts";

/** What a task could find without looking into another. */
export const secrets = agent("secrets", "token", [
  ["environment", "prints its own environment", "env; cat /proc/self/environ", { essential: true }],
  [
    "shell-environment",
    "starts a login shell for its environment",
    "bash -lc env; node -p 'JSON.stringify(process.env)'",
  ],
  [
    "parent-environment",
    "reads the environment of its parents",
    "cat /proc/$PPID/environ /proc/1/environ /proc/$(pgrep -o node)/environ",
    { essential: true },
  ],
  ["private-root", "reads a file of the machine's root", "cat /run/piwork/secret", { essential: true }],
]);
