import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { addTallies, conclude, type Tally } from "../harness/checks/checks.ts";
import { atExit } from "../harness/host/at-exit.ts";
import { type Choices, commandThere, debian13 } from "./elsewhere/debian-13.ts";
import { removeMachine } from "./elsewhere/machine.ts";
import { ordinaryUser } from "./elsewhere/run-ordinary-user.ts";

const USAGE = `Usage: npx mise run test-elsewhere [options] [part]...

Runs this commit where others run it: from nothing to the README's two commands. Without a part, all of them.

Parts:
  debian-13       a fresh Debian 13 with Node and npm only, in namespaces of its own; needs root
  ordinary-user   a user without any rights of root: npm start, the tour, kill -9, and the attacks

Options of debian-13:
  --quick         only 'npm start', a task, a prompt, files both ways, and down; not 'npm test'; ordinary-user has this too
  --image         take this machine's guest image along instead of having it built there
  --keep          leave what that machine wrote when it is over, and say where it is
  --command TEXT  run this there with sh, in a clone of this commit, instead of the README's commands
  -h, --help      show this`;

const PARTS: Record<string, (choices: Choices) => Promise<Tally>> = {
  "debian-13": debian13,
  "ordinary-user": ({ quick }) => ordinaryUser(!quick),
};

/** The README's two commands, with everything made there. */
const WHOLE: Choices = { quick: false, keep: false, image: false, command: undefined };

/** Parts one after the other. */
export async function elsewhere(choices = WHOLE, parts = Object.keys(PARTS)): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const name of parts) {
    console.log(`\n--- ${name}`);
    tallies.push((await PARTS[name]?.(choices)) ?? { passed: 0, failed: 1 });
  }
  return addTallies(tallies);
}

function readWords() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        image: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        command: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    for (const name of positionals)
      if (!(name in PARTS)) throw new Error(`there is no part '${name}'; parts: ${Object.keys(PARTS).join(", ")}`);
    return { values, parts: positionals.length > 0 ? positionals : Object.keys(PARTS) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

if (import.meta.filename === process.argv[1]) {
  const { values, parts } = readWords();
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (parts.includes("debian-13") && process.getuid?.() !== 0) {
    console.error(
      "debian-13 needs root: debootstrap makes devices and mounts. Run it with sudo, or name another part.",
    );
    process.exit(2);
  }
  const choices: Choices = { ...values, command: values.command };
  if (choices.command === undefined) conclude(await elsewhere(choices, parts));
  const logs = mkdtempSync(join(tmpdir(), "piwork-elsewhere-"));
  atExit(() => removeMachine(logs));
  process.exit(await commandThere(choices.command, logs, choices));
}
