import { setTimeout as delay } from "node:timers/promises";
import type { Testbed, Victim } from "./testbed.ts";

/** How long something is stopped that goes on afterwards, in milliseconds. */
const PAUSE_MS = 3_000;

/** Something that goes wrong, and who notices it. */
export interface Fault {
  id: string;
  /** what ends of itself with it */
  ends: "nothing" | "agent" | "machine" | "runtime";
  /** how the end is named in the history of states; for what ends nothing, never */
  named: RegExp;
  /** it takes the runtime its patience to notice */
  isSlow: boolean;
  inject(testbed: Testbed, victim: Victim): Promise<void>;
}

/** Sends a signal to the agent of a task as soon as it has the task's directories; where a stop was quicker, there is nothing to do. */
const SIGNAL_AGENT = `
end=$(($(date +%s) + 10))
while [ $(date +%s) -lt $end ]; do
  for file in $(grep -l "/$1/guest/outputs /outputs " /proc/[0-9]*/mountinfo 2>/dev/null); do
    directory=$(dirname $file)
    read -r name 2>/dev/null <$directory/comm && [ "$name" = node ] && kill -$2 $(basename $directory) && exit 0
  done
done`;

/** taskd is the parent of whatever its root runs. */
const signalTaskd = (testbed: Testbed, { id }: Victim, signal: string) =>
  // It does not live to tell.
  void testbed.asGuestRoot(id, `kill -${signal} $PPID`).catch(() => {});

export const FAULTS: readonly Fault[] = [
  {
    id: "kill-qemu",
    ends: "machine",
    named: /QEMU was killed by signal 9/,
    isSlow: false,
    inject: async ({ runtime }, { id }) => void process.kill(await runtime.qemuPid(id), "SIGKILL"),
  },
  {
    id: "kill-taskd",
    ends: "machine",
    named: /taskd, the supervisor in the machine, ended with code 137/,
    isSlow: false,
    inject: async (testbed, victim) => signalTaskd(testbed, victim, "KILL"),
  },
  {
    id: "kill-agent",
    ends: "agent",
    named: /The agent ended with code 137/,
    isSlow: false,
    inject: (testbed, { id }) => testbed.asGuestRoot(id, SIGNAL_AGENT, id, "KILL"),
  },
  {
    id: "kill-runtime",
    ends: "runtime",
    named: /./,
    isSlow: false,
    async inject({ runtime }) {
      runtime.process.kill("SIGKILL");
      await runtime.exited;
    },
  },
  {
    id: "freeze-qemu",
    ends: "machine",
    named: /did not answer for 20 s/,
    isSlow: true,
    inject: async ({ runtime }, { id }) => void process.kill(await runtime.qemuPid(id), "SIGSTOP"),
  },
  {
    id: "freeze-taskd",
    ends: "machine",
    named: /did not answer for 20 s/,
    isSlow: true,
    inject: async (testbed, victim) => signalTaskd(testbed, victim, "STOP"),
  },
  {
    id: "freeze-agent",
    ends: "agent",
    named: /The agent did not answer for 30 s/,
    isSlow: true,
    inject: (testbed, { id }) => testbed.asGuestRoot(id, SIGNAL_AGENT, id, "STOP"),
  },
  {
    id: "pause-qemu",
    ends: "nothing",
    named: /did not answer/,
    isSlow: false,
    async inject({ runtime }, { id }) {
      const pid = await runtime.qemuPid(id);
      process.kill(pid, "SIGSTOP");
      await delay(PAUSE_MS);
      process.kill(pid, "SIGCONT");
    },
  },
  {
    id: "pause-runtime",
    ends: "nothing",
    named: /did not answer/,
    isSlow: false,
    async inject({ runtime }) {
      runtime.process.kill("SIGSTOP");
      await delay(PAUSE_MS);
      runtime.process.kill("SIGCONT");
    },
  },
];
