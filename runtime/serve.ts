import { controlHandlers } from "./control/handlers.ts";
import { ControlServer } from "./control/server.ts";
import { buildPage } from "./panel/build.ts";
import { PanelKey } from "./panel/key.ts";
import { PanelServer } from "./panel/server.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";
import { controlSocket, makePlaces, stateLayout } from "./state/places.ts";
import { keepApart } from "./workspace/folder.ts";

/** What a runtime says while it runs, to whoever started it. */
export interface Announcer {
  say(words: string): void;
  /** the control API listens; the machine may still have to boot */
  listening(runtime: Runtime): void;
  /** a machine runs; `panel` is an address that opens the page once */
  ready(runtime: Runtime, panel: string | undefined): void;
}

export interface ServeOptions extends Omit<RuntimeOptions, "progress"> {
  /** without it there is no panel; `port`: undefined for that of the last panel, or any */
  panel?: { port: number | undefined };
}

/** Runs a runtime until a signal or a `piwork down` ends it, and ends all of it then. */
export async function serve({ panel: wish, ...options }: ServeOptions, announcer: Announcer): Promise<void> {
  const { places, workspace } = options;
  makePlaces(places);
  keepApart(workspace, places.state);
  const ending = new AbortController();
  const end = (why: string) => {
    if (ending.signal.aborted) return;
    announcer.say(`stopping: ${why}`);
    ending.abort();
  };
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
  process.on("SIGINT", () => {
    // A second Ctrl-C means it: the machine dies with this process.
    if (ending.signal.aborted) process.exit(130);
    end("Ctrl-C");
  });

  let panel: PanelServer | undefined;
  let isReady = false;
  const progress = (words: string) => {
    // The panel's address stays the last line; the log has what goes on behind it.
    if (!isReady || panel === undefined) announcer.say(words);
  };
  await using runtime = new Runtime({ ...options, progress });
  const handlers = controlHandlers(
    runtime,
    () => end("asked to"),
    () => panel,
  );
  await using _server = await ControlServer.listen(controlSocket(places), handlers);
  // It is built while the machine comes up; without it the runtime would not be whole.
  const page = wish && buildPage();
  page?.catch(() => {}); // told where it is waited for
  await using _panel =
    wish &&
    page &&
    (await PanelServer.listen({
      key: new PanelKey(stateLayout(places).panel),
      ...wish,
      page,
      logs: places.logs,
      handlers,
    }));
  panel = _panel;
  announcer.listening(runtime);
  const booted = Promise.all([runtime.prepare(), page]).then(() => {
    isReady = true;
    announcer.ready(runtime, panel?.address());
  });
  const asked = new Promise<void>((resolve) => ending.signal.addEventListener("abort", () => resolve()));
  // A runtime that cannot boot its machine has nothing to offer.
  await Promise.race([booted.then(() => asked), asked]);
}
