import { createHash } from "node:crypto";
import { packageList, recipeHash } from "../../runtime/protocol/image.ts";
import { Apt } from "./apt.ts";
import { downloadPackages } from "./download.ts";
import { erofsVersion } from "./erofs.ts";
import { refreshLists } from "./package-lists.ts";
import { type Places, REPO } from "./places.ts";
import type { Progress } from "./progress.ts";
import { type Deb, resolvePackages } from "./resolve.ts";
import { StaleLists } from "./step-error.ts";

export interface BuildOptions {
  places: Places;
  extraPackages: string[];
  progress: Progress;
  signal: AbortSignal;
}

/** Everything that decides what an image's bytes will be. */
export interface Plan {
  apt: Apt;
  recipe: string;
  inputs: string;
  kernel: Deb;
  userland: Deb[];
  mkfsErofs: string;
}

/** Settles the version of everything that goes in. Lists that were fetched within a day are taken as they are. */
export async function planImage({ places, extraPackages, progress, signal }: BuildOptions): Promise<Plan> {
  const apt = await progress.step("prepare the cache", () => Apt.open(places.apt, signal));
  const mkfsErofs = await progress.step("look for mkfs.erofs", () => erofsVersion(signal));
  const refreshed = await progress.step("fetch the package lists", () => refreshLists(apt, progress));
  const names = packageList(REPO, extraPackages);
  const resolve = () => progress.step("resolve the packages", () => resolvePackages(apt, names));
  const { kernel, userland } = await resolve().catch(async (error: unknown) => {
    if (refreshed || !(error instanceof StaleLists)) throw error;
    await fetchListsAnew(apt, progress, error);
    return resolve();
  });
  const recipe = recipeHash(REPO, extraPackages);
  const inputs = createHash("sha256").update(JSON.stringify({ recipe, kernel, userland, mkfsErofs })).digest("hex");
  return { apt, recipe, inputs, kernel, userland, mkfsErofs };
}

/** Fetches the packages of `plan`. The result is another plan where the mirror has moved on since the lists were fetched. */
export async function downloadPlan(plan: Plan, options: BuildOptions): Promise<Plan> {
  const download = ({ apt, kernel, userland }: Plan) =>
    options.progress.step("download the packages", () => downloadPackages(apt, [kernel, ...userland]));
  try {
    await download(plan);
    return plan;
  } catch (error) {
    if (!(error instanceof StaleLists)) throw error;
    await fetchListsAnew(plan.apt, options.progress, error);
    const newer = await planImage(options);
    await download(newer);
    return newer;
  }
}

function fetchListsAnew(apt: Apt, progress: Progress, because: StaleLists): Promise<boolean> {
  progress.note(`could not ${because.step}: ${because.message}; trying once more with package lists of this moment`);
  return progress.step("fetch the package lists", () => refreshLists(apt, progress, { force: true }));
}
