import { relative } from "node:path";
import { type Command, Option } from "commander";
import { controlHandlers } from "../../control/handlers.ts";
import { ControlServer } from "../../control/server.ts";
import { accelerationRequest } from "../../machine/acceleration.ts";
import { controlSocket, findPlaces, makePlaces, type PlaceOptions, REPOSITORY } from "../../places.ts";
import { Runtime } from "../../runtime.ts";
import { VERSION } from "../../version.ts";
import { keepApart, makeSampleWorkspace, resolveWorkspaceRoot } from "../../workspace/folder.ts";
import { print } from "../attach.ts";
import { buildImage } from "./image.ts";

interface UpOptions extends PlaceOptions {
  workspace?: string;
  accel: string;
  headless?: boolean;
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
    .option("--headless", "do without the panel (this version has none yet)")
    .action((options: UpOptions, command: Command) => up({ ...command.optsWithGlobals<UpOptions>(), ...options }));
}

async function up(options: UpOptions): Promise<void> {
  const places = findPlaces(options);
  makePlaces(places);
  const sample = `${REPOSITORY}/tmp/workspace`;
  if (options.workspace === undefined) makeSampleWorkspace(sample);
  const workspace = resolveWorkspaceRoot(options.workspace ?? sample);
  keepApart(workspace, places.state);

  const ending = new AbortController();
  const end = (why: string) => {
    if (ending.signal.aborted) return;
    print(`stopping: ${why}`);
    ending.abort();
  };
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
  process.on("SIGINT", () => {
    // A second Ctrl-C means it: the machine dies with this process.
    if (ending.signal.aborted) process.exit(130);
    end("Ctrl-C");
  });

  await using runtime = new Runtime({
    places,
    workspace,
    agent: "probe",
    acceleration: accelerationRequest.parse(options.accel),
    buildImage: (signal) => buildImage(places.cache, signal),
    progress: print,
  });
  await using _server = await ControlServer.listen(
    controlSocket(places),
    controlHandlers(runtime, () => end("asked to")),
  );
  print(`piwork ${VERSION}, workspace ${workspace}`);
  print("no model is configured: the agent is the probe, which runs 'run: <command>' and echoes everything else");
  const booted = runtime.machine().then(({ bootMs, id }) => {
    for (const warning of runtime.status().warnings) print(`note: ${warning}`);
    print(`ready: ${id} booted in ${(bootMs / 1000).toFixed(1)} s`);
    print(
      `now, in another terminal: npx piwork task create demo${options.workspace === undefined ? ` --folder ${relative(process.cwd(), `${workspace}/sample`)}` : ""}`,
    );
  });
  const asked = new Promise<void>((resolve) => ending.signal.addEventListener("abort", () => resolve()));
  // A runtime that cannot boot its machine has nothing to offer.
  await Promise.race([booted.then(() => asked), asked]);
}
