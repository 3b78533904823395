import { agent } from "./agent.ts";

/** What a task could find without looking into another. */
export const secrets = agent("secrets", "S", [
  ["environment", "prints its own environment", "env; cat /proc/self/environ"],
  [
    "shell-environment",
    "starts a login shell for its environment",
    "bash -lc env; node -p 'JSON.stringify(process.env)'",
  ],
  [
    "parent-environment",
    "reads the environment of its parents",
    "cat /proc/$PPID/environ /proc/1/environ /proc/$(pgrep -o node)/environ",
  ],
  ["root-home", "reads the home of the machine's root", "cat /root/* /root/.* /run/piwork/secret"],
  ["private-root", "reads a file of the machine's root", "cat /run/piwork/secret"],
  [
    "machine-words",
    "reads what the machine was started with",
    "cat /proc/cmdline /proc/1/environ /proc/[0-9]*/environ /run/piwork/*",
  ],
]);
