import { parseArgs } from "node:util";
import { agentKind, isolation as isolations } from "../../runtime/protocol/kinds.ts";
import { machineLayer, taskLayer } from "../../runtime/protocol/layers.ts";

const USAGE = `usage: negative.ts [FILTER] [options]

  FILTER               checks whose id, group or lane has this in it
  --all                also the neighbours of what every run tries; a FILTER chooses among all
  --agent WHICH        what works in the tasks: probe, or pi, which then attacks by itself, with its own tools; without it, PIWORK_SUITE_AGENT, or probe
  --isolation WHICH    vm (each task in a machine of its own) or shared; without it, PIWORK_SUITE_ISOLATION, or vm
  --list               says which there are, and does nothing
  --target WHICH       piwork, or to look at something else: bwrap, control
  --without LAYER,...  leaves layers of the walls out, and says what gets through then; with 'all', every layer around tasks: then
                       each attack that these hold must get through, or be explained in docs/walls.md
                       tasks: ${taskLayer.options.join(" ")}
                       machines: ${machineLayer.options.join(" ")}`;

/** What the command line asks for. */
export function parseArguments() {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        agent: { type: "string" },
        isolation: { type: "string" },
        list: { type: "boolean", default: false },
        target: { type: "string", default: "piwork" },
        without: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const { help, target, without, isolation } = parsed.values;
    if (help) {
      console.log(USAGE);
      process.exit(0);
    }
    if (!["piwork", "bwrap", "control"].includes(target)) throw new Error(`there is no target '${target}'`);
    if (parsed.values.agent !== undefined && !agentKind.safeParse(parsed.values.agent).success)
      throw new Error(`there is no agent '${parsed.values.agent}'`);
    if (isolation !== undefined && !isolations.safeParse(isolation).success)
      throw new Error(`there is no isolation '${isolation}'`);
    const known: readonly string[] = [...taskLayer.options, ...machineLayer.options];
    for (const layer of without === "all" ? [] : (without?.split(",") ?? []))
      if (!known.includes(layer)) throw new Error(`there is no layer '${layer}'`);
    if (without !== undefined && target !== "piwork") throw new Error("--without is for the target piwork");
    if (parsed.positionals.length > 1) throw new Error("one filter at a time");
    return parsed;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}
