import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Command } from "commander";
import { saidIn } from "../../api/answer.ts";
import type { StateDump } from "../../api/dump.ts";
import { NoRuntime } from "../../control/client.ts";
import { sidesOf } from "../../dump/sides.ts";
import { takeDump } from "../../dump/take.ts";
import { findPlaces, type PlaceOptions, type Places } from "../../state/places.ts";
import { print, printJson } from "../attach.ts";
import { describeDump } from "../state-summary.ts";

/** Between two words about a dump that takes long, in milliseconds. */
const SAY_EVERY_MS = 2_000;

export function addDumpState(program: Command): void {
  program
    .command("dump-state")
    .description("what the runtime, its machines, the panel and this host say of each other, and where they contradict")
    .option("--json", "print it as one JSON document, with its schema's version, instead of leaving it beside the logs")
    .action(async (options: { json?: boolean }, command: Command) => {
      const places = findPlaces(command.optsWithGlobals<PlaceOptions>());
      const dump = await takeWithWords(places);
      if (options.json) return printJson(dump);
      print(describeDump(dump));
      print(`all of it: ${relative(process.cwd(), keep(dump, places))}`);
    });
}

/** Where nothing runs there is nothing to dump; a runtime that is there and says nothing is worth it all the more. */
async function takeWithWords(places: Places): Promise<StateDump> {
  let doing = "";
  const timer = setInterval(() => process.stderr.write(`piwork: ${doing}\n`), SAY_EVERY_MS);
  const progress = (words: string) => {
    doing = words;
  };
  try {
    progress("waiting for the runtime's first word");
    await sidesOf(places)
      .status()
      .catch((error) => {
        if (error instanceof NoRuntime) throw error;
      });
    return await takeDump(places, progress);
  } finally {
    clearInterval(timer);
  }
}

/** Beside the logs of the runtime, where a person looks. */
function keep(dump: StateDump, places: Places): string {
  const path = join(saidIn(dump.runtime)?.status.logs ?? places.logs, "state.json");
  writeFileSync(path, `${JSON.stringify(dump, null, 2)}\n`, { mode: 0o600 });
  return path;
}
