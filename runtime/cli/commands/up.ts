import { relative } from "node:path";
import { type Command, Option } from "commander";
import { accelerationRequest } from "../../machine/acceleration.ts";
import { Providers } from "../../network/providers.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { type AgentKind, agentKind, type Isolation, isolation } from "../../protocol/kinds.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Runtime } from "../../runtime.ts";
import { serve } from "../../serve.ts";
import { findPlaces, makePlaces, type PlaceOptions, REPOSITORY } from "../../state/places.ts";
import { VERSION } from "../../state/version.ts";
import { DEFAULT_QUOTA } from "../../tasks/quota.ts";
import { makeSampleWorkspace, resolveWorkspaceRoot } from "../../workspace/folder.ts";
import { plain, print } from "../attach.ts";
import { namedModel } from "../model.ts";
import { parseCount, parseMemory, parseSize } from "../size.ts";
import { buildImage } from "./image.ts";
import { ALLOW_HOST, gather, policyOf } from "./network.ts";

interface UpOptions extends PlaceOptions {
  workspace?: string;
  accel: string;
  isolation: Isolation;
  agent?: AgentKind;
  provider?: string;
  allowHost?: string[];
  pool: number;
  memory: number;
  taskBytes: number;
  taskFiles: number;
  headless?: boolean;
  panelPort?: number;
  unconfinedQemu?: boolean;
}

export function addUp(program: Command): void {
  program
    .command("up")
    .description("run the runtime in the foreground; Ctrl-C stops all of it")
    .option(
      "--workspace <DIR>",
      "the directory that holds the folders of tasks (default: tmp/workspace, made with a sample folder)",
    )
    .addOption(
      new Option(
        "--accel <WHICH>",
        "what runs the virtual machine; auto boots a kernel under KVM once to see whether it works",
      )
        .choices(accelerationRequest.options)
        .default("auto"),
    )
    .addOption(
      new Option(
        "--isolation <WHICH>",
        "vm: a machine for each task; shared: one machine, whose kernel keeps tasks apart",
      )
        .choices(isolation.options)
        .default("vm"),
    )
    .addOption(
      new Option(
        "--agent <WHICH>",
        "what works in new tasks: pi, which needs a model, or the probe, which does what it is told (default: pi where a provider is configured, and otherwise the probe)",
      ).choices(agentKind.options),
    )
    .option(
      "--provider <NAME>",
      "whose model answers pi in new tasks: a provider's name, or its name, '/' and one of its models ('piwork provider list')",
    )
    .option("--allow-host <HOST>", `for new tasks, repeatable: ${ALLOW_HOST}`, gather)
    .option(
      "--pool <N>",
      "machines that are kept ready for the next tasks, where each has its own",
      (text) => parseCount(text, 0),
      1,
    )
    .option(
      "--unconfined-qemu",
      "run QEMU without bubblewrap, where the host forbids user namespaces; whoever breaks out of the machine is you then",
    )
    .addOption(
      new Option(
        "--memory <SIZE>",
        "memory of each new task, /tmp included; where tasks share a machine, the most of any",
      )
        .argParser(parseMemory)
        .default(LIMITS.taskMemoryBytes, "1G"),
    )
    .addOption(
      new Option("--task-bytes <SIZE>", "what a task may add to its folder, outputs and home before it is stopped")
        .argParser(parseSize)
        .default(DEFAULT_QUOTA.bytes, "10G"),
    )
    .option("--task-files <N>", "how many files it may add there", (text) => parseCount(text), DEFAULT_QUOTA.entries)
    .option("--headless", "do without the panel: no page, and nothing that listens on TCP")
    .option("--panel-port <N>", "the panel's port on 127.0.0.1 (default: that of the last panel, or any)", (text) =>
      parseCount(text),
    )
    .action((options: UpOptions, command: Command) => up({ ...command.optsWithGlobals<UpOptions>(), ...options }));
}

const WHAT_ANSWERS: Record<AgentKind, string> = {
  probe: "no model answers: the agent is the probe, which runs 'run: <command>' and echoes everything else",
  pi: "the agent is pi, with the models of the providers that are configured ('piwork provider list')",
};

async function up(options: UpOptions): Promise<void> {
  const places = findPlaces(options);
  makePlaces(places);
  const model = options.provider === undefined ? null : namedModel(places.state, options.provider);
  const agent = options.agent ?? (new Providers(places.state).views().length === 0 ? "probe" : "pi");
  if (options.provider !== undefined && agent !== "pi")
    throw new PiworkError("INVALID_REQUEST", "A provider answers pi, and not the probe: leave one of the two out.");
  const allowed = policyOf(options.allowHost);
  const sample = `${REPOSITORY}/tmp/workspace`;
  if (options.workspace === undefined) makeSampleWorkspace(sample);
  const workspace = resolveWorkspaceRoot(options.workspace ?? sample);
  const firstFolder =
    options.workspace === undefined ? ` --folder ${relative(process.cwd(), `${workspace}/sample`)}` : "";
  await serve(
    {
      places,
      workspace,
      agent,
      model,
      ...(allowed && { allowed }),
      quota: { bytes: options.taskBytes, entries: options.taskFiles },
      acceleration: accelerationRequest.parse(options.accel),
      isolation: options.isolation,
      pool: options.pool,
      memoryBytes: options.memory,
      unconfinedQemu: options.unconfinedQemu === true,
      ...(options.headless === true ? {} : { panel: { port: options.panelPort } }),
      buildImage: (signal) => buildImage(places.cache, signal),
    },
    {
      say: print,
      listening(runtime) {
        print(`piwork ${VERSION}, workspace ${workspace}`);
        print(WHAT_ANSWERS[agent]);
        reportLostTurns(runtime);
      },
      ready(runtime, panel) {
        const { warnings, machines } = runtime.status();
        for (const warning of warnings) print(`note: ${warning}`);
        const booted = machines.find(({ bootMs }) => bootMs !== null);
        print(
          booted === undefined
            ? "ready: each task gets a machine of its own"
            : `ready: ${booted.id} answers after ${((booted.bootMs ?? 0) / 1000).toFixed(1)} s`,
        );
        print(
          `now, in another terminal: npx piwork${options.state === undefined ? "" : ` --state ${options.state}`} task create demo${firstFolder}`,
        );
        if (panel !== undefined) print(`or in a browser: ${panel}`);
      },
    },
  );
}

/** What was running when the last runtime ended did not come to its end. */
function reportLostTurns(runtime: Runtime): void {
  for (const { id, title, lostTurn } of runtime.book.list()) {
    if (lostTurn !== null)
      print(
        `lost: the turn of ${lostTurn.startedAt} in '${plain(title)}' (${id}). ${plain(lostTurn.why)} Prompt it again.`,
      );
  }
}
