import assert from "node:assert/strict";
import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import { WAITING_WORDS } from "../../../harness/attacks/slots.ts";
import type { Target } from "../../../harness/attacks/target.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { SMALL_MEMORY_BYTES } from "../../../harness/runtimes/quota.ts";

/** The sandboxes that a task has: its agent's, the one that waits for a command, and one that is made for a command. */
const KINDS = ["agent", "waiting", "fresh"] as const;
type Kind = (typeof KINDS)[number];

const NAMESPACES = ["pid", "ipc", "uts", "user", "mnt", "net", "cgroup"];
/** Where what is mounted may come from another place in each: memory that bubblewrap makes by itself. */
const OWN_MEMORY = new Set(["/", "/dev", "/dev/shm"]);

/** What bounds a task of these runtimes. The numbers stand here again, so that a wrong one in the product is seen. */
const BOUNDS = { "memory.max": `${SMALL_MEMORY_BYTES}`, "pids.max": "512", "cpu.weight": "100", "memory.high": "max" };
const SIZES = { "/tmp": "size=262144k", "/dev/shm": "size=65536k", "/session": "size=131072k", "/dev/pts": "max=256" };
const LIMITS = { "Max open files": "4096", "Max core file size": "0" };

/** Prints what the kernel says of the processes of the attacker's sandboxes, a line for each fact. */
const LOOK = `shopt -s extglob
tell() {
  for name in ${NAMESPACES.join(" ")}; do echo "$1 ns $name $(readlink /proc/$2/ns/$name)"; done
  grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/$2/status | while read -r name rest; do echo "$1 status $name $rest"; done
  while read -r _ _ _ root place options rest; do echo "$1 mount $place $root $options \${rest##*- }"; done </proc/$2/mountinfo
  while read -r line; do echo "$1 limit $line"; done </proc/$2/limits
  while read -r line; do echo "$1 map $line"; done </proc/$2/uid_map
  while read -r line; do echo "$1 group $line"; done </proc/$2/cgroup
}
tell machine $$
for p in $(cat $ATTACKER_GROUP/cgroup.procs); do
  words=$(tr '\\0' ' ' </proc/$p/cmdline)
  case $words in
    "node "*) tell agent $p ;;
    "${WAITING_WORDS}"*) tell waiting $p ;;
    "piwork-fresh "*) tell fresh $p ;;
  esac
done
for file in ${Object.keys(BOUNDS).join(" ")}; do read -r value <$ATTACKER_GROUP/$file; echo "bound $file $value"; done`;

async function look(target: Target): Promise<string[]> {
  await target.awaitSpare();
  const over = new AbortController();
  const command = ["bash", "-c", "echo here; exec -a piwork-fresh sleep 600"];
  const running = target.runtime.client
    .stream("exec", { argv: command, task: target.attacker, without: [] }, over.signal)
    [Symbol.asyncIterator]();
  try {
    await running.next(); // it is there
    const { text } = await target.asRoot(LOOK);
    return text.trim().split("\n");
  } finally {
    over.abort();
  }
}

const same: Check<Fixtures> = {
  id: "walls.same-in-every-sandbox",
  claim:
    "the kernel says the same of the agent's sandbox, the one that waits and a fresh one: filter, NoNewPrivs, no capabilities, users, mounts, and namespaces that are not the machine's",
  async run({ target }) {
    const lines = await look(target);
    const of = (kind: string, what: string) =>
      lines.filter((line) => line.startsWith(`${kind} ${what} `)).map((line) => line.slice(`${kind} ${what} `.length));
    for (const kind of KINDS) assert.notEqual(of(kind, "status").length, 0, `there is no process of the ${kind} one`);
    const status = Object.fromEntries(KINDS.map((kind) => [kind, of(kind, "status")]));
    for (const kind of KINDS) {
      assert.equal(status[kind]?.includes("Seccomp: 2"), true, `${kind}: ${status[kind]?.join("; ")}`);
      assert.equal(status[kind]?.includes("NoNewPrivs: 1"), true, `${kind}: ${status[kind]?.join("; ")}`);
      const capabilities = status[kind]?.filter((line) => line.startsWith("Cap")) ?? [];
      assert.equal(capabilities.length, 5);
      for (const line of capabilities) assert.match(line, / 0+$/, kind);
      assert.deepEqual(status[kind], status["agent"], kind);
      assert.deepEqual(of(kind, "map"), of("agent", "map"), kind);
      assert.deepEqual(of(kind, "group"), of("agent", "group"), kind);
      assert.deepEqual(mounts(of(kind, "mount")), mounts(of("agent", "mount")), kind);
      for (const [name, value] of Object.entries(LIMITS))
        assert.match(of(kind, "limit").find((line) => line.startsWith(name)) ?? "", new RegExp(`^${name} +${value} `));
      const [own, machines] = [namespaces(of(kind, "ns")), namespaces(of("machine", "ns"))];
      for (const name of NAMESPACES) assert.notEqual(own[name], machines[name], `${kind}: the machine's ${name}`);
    }
    const networks = new Set(KINDS.map((kind) => namespaces(of(kind, "ns"))["net"]));
    assert.equal(networks.size, 1, "the sandboxes of a task have more than one network");
    return { status: status["agent"], mounts: mounts(of("agent", "mount")) };
  },
};

const bounded: Check<Fixtures> = {
  id: "walls.bounds",
  claim:
    "memory, processes, processor, /tmp, /dev/shm, terminals and open files of a task are bounded by the numbers of the documentation",
  async run({ target }) {
    const lines = await look(target);
    const bounds = lines.flatMap((line) => (line.startsWith("bound ") ? [line.slice("bound ".length)] : []));
    assert.deepEqual(
      bounds,
      Object.entries(BOUNDS).map(([file, value]) => `${file} ${value}`),
    );
    for (const kind of KINDS satisfies readonly Kind[])
      for (const [place, size] of Object.entries(SIZES)) {
        const line = lines.findLast((one) => one.startsWith(`${kind} mount ${place} `)) ?? "";
        assert.equal(line.split(/[ ,]/).includes(size), true, `${kind}: ${place} is ${line}`);
      }
    return { bounds };
  },
};

/** A task's walls, by the kernel's words for each of its sandboxes. */
export const sandboxChecks: readonly Check<Fixtures>[] = [same, bounded];

/**
 * What is seen at each place, without where bubblewrap's own memory comes from. The agent's sandbox is made before it has a task, whose
 * directories are then mounted over empty ones.
 */
function mounts(lines: readonly string[]): string[] {
  const last = new Map(lines.map((line) => [line.split(" ")[0] ?? "", line]));
  return [...last.entries()].sort().map(([place, line]) => {
    const [, root, ...rest] = line.split(" ");
    return [place, OWN_MEMORY.has(place) ? "own" : root, ...rest].join(" ");
  });
}

function namespaces(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}
