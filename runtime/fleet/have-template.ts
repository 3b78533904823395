import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TemplateManifest, templateDirectory } from "../machine/template.ts";
import { ALL_WALLS } from "../machine/walls.ts";
import { PiworkError } from "../protocol/errors.ts";
import { TemporaryDirectory } from "../state/temporary-directory.ts";
import { filesPath } from "../workspace/paths.ts";
import { MachineSource, type SourceOptions } from "./source.ts";

/** The template of which machines, and how it is made; `agent` is what waits in it for a task. */
export type TemplateWish = Pick<
  SourceOptions,
  "places" | "acceleration" | "agent" | "unsafe" | "buildImage" | "step" | "signal"
>;

/** Sees to it that the template of this version is there, before a runtime would make it beside its first machines. */
export async function haveTemplate(
  wish: TemplateWish,
): Promise<{ directory: string; manifest: TemplateManifest; isNew: boolean }> {
  const { places, signal } = wish;
  mkdirSync(places.logs, { recursive: true });
  // A runtime of these places may have machines in its own.
  using scratch = new TemporaryDirectory(join(tmpdir(), "piwork-template-"));
  let failure: unknown;
  await using source = new MachineSource({
    ...wish,
    places: { ...places, sockets: scratch.path },
    files: filesPath,
    walls: ALL_WALLS,
    consoleLog: join(places.logs, "template.log"),
    note: wish.step,
    warn(message, { error }) {
      failure ??= error;
      wish.step(message);
    },
  });
  await source.prepare();
  const isNew = source.template === undefined;
  await source.settled();
  signal.throwIfAborted();
  if (source.template === undefined)
    throw failure ?? new PiworkError("TASK_BOOTSTRAP_FAILED", "No template could be made.");
  const { manifest } = source.template;
  return { directory: templateDirectory(places.cache, manifest.key), manifest, isNew };
}
