import type { Fixtures } from "../../../harness/attacks/fixtures.ts";
import { watchLiveness } from "../../../harness/attacks/oracles.ts";
import type { Target } from "../../../harness/attacks/target.ts";
import { verdict } from "../../../harness/attacks/verdict.ts";
import type { Check } from "../../../harness/checks/checks.ts";
import { NAMES } from "../../../harness/network/names.ts";
import { LIMITS } from "../../../runtime/protocol/limits.ts";
import { ONE } from "./reached.ts";
import { get, perl, tell } from "./scripts.ts";

/** Connections that nobody needs, and the time for which they are kept, in seconds. */
const CONNECTIONS = 200;
const SECONDS = 2;
/** Time for opening them, likewise: with a busy processor each takes a while. */
const PATIENCE = 40;
/** Somebody else is answered within this time, in milliseconds; machines are slow where a processor is emulated. */
const ANSWERED_WITHIN_MS = 20_000;
const NAIVELY_WITHIN_MS = 2_000;

/** Opens as many connections as it can, asks by all of them, half of it never to the end, and reads nothing. */
const FLOOD = perl(
  `$SIG{PIPE} = q(IGNORE); $opened = 0; $SIG{ALRM} = sub { print "opened $opened\\n"; exit }; alarm ${PATIENCE};
for (1 .. ${CONNECTIONS}) {
  socket($s[$_], AF_INET, SOCK_STREAM, 0) or last;
  connect($s[$_], pack_sockaddr_in(3128, inet_aton("127.0.0.1"))) or next; $opened++;
  fcntl($s[$_], 4, 2048); # nobody waits for room
  syswrite $s[$_], $_ % 2 ? "GET http://allowed.example/ HTTP/1.1\\r\\nHost: allowed.example\\r\\n\\r\\n" x 50 : "GET http://allowed.example/ HTTP/1.1\\r\\nX: ";
}
print "opened $opened\\n"; sleep ${SECONDS};`,
);
/** With fewer it was no flood: a task has so many at once. */
const LEAST = LIMITS.networkStreams;
const ASK = tell(get("http://allowed.example/"));

/** A task that takes what there is of the proxy leaves others what is theirs. */
export const networkFlood: Check<Fixtures> = {
  id: "network-flood.connections",
  claim: "a task floods its proxy: another task's request is answered, and so is taskd",
  essential: true,
  attack: { tried: FLOOD, oracle: "silence" },
  async run({ target, control }) {
    const { client } = target.runtime;
    for (const task of [target.attacker, target.victim])
      await client.call("network_set", { task, policy: { allow: [...ONE] } });
    for (const { outside } of [target, control]) await outside.name(NAMES);
    const [real, naive] = await Promise.all([onTarget(target), onControl(control)]);
    return verdict({ id: "network-flood.connections" }, { target: real, control: naive });
  },
};

async function onTarget(target: Target) {
  const answering = watchLiveness(target, [target.victim]);
  const flood = target.attack(FLOOD);
  const asked = await target.talk.exec(["sh", "-c", ASK], { task: target.victim, timeoutMs: ANSWERED_WITHIN_MS });
  const trouble = await answering();
  const { output, code } = await flood;
  const isAnswered = asked.stdout.includes(" 200 ");
  const seen = `${output.trim()}; the other task was ${isAnswered ? "answered" : `not answered: ${asked.stdout}${asked.stderr}`}`;
  return {
    through: !isAnswered || trouble !== undefined,
    seen: trouble === undefined ? seen : `${trouble}; ${seen}`,
    ...(code === 0 && Number(/^opened (\d+)/m.exec(output)?.[1]) >= LEAST ? {} : { cutOff: true as const }),
  };
}

async function onControl({ outside }: Target) {
  const flood = outside.run(FLOOD);
  // It has begun once nobody is answered any more; where that does not come, it has no effect.
  let isAnswered = true;
  const over = flood.then(() => (isOver = true));
  let isOver = false;
  while (isAnswered && !isOver)
    isAnswered = await outside.isAnsweredNaively("http://allowed.example/", NAIVELY_WITHIN_MS);
  await over;
  return { through: !isAnswered, seen: isAnswered ? "others were answered" : "nobody else was answered" };
}
