import { createHash } from "node:crypto";
import { type ImageManifest, recipeHash } from "../../runtime/state/image.ts";
import { Apt } from "./apt.ts";
import { type Deb, identity } from "./deb.ts";
import { downloadPackages } from "./download.ts";
import { erofsVersion } from "./erofs.ts";
import { checkManifest, resolveManifest } from "./from-manifest.ts";
import { refreshLists } from "./package-lists.ts";
import { readPackageNames } from "./package-names.ts";
import { type CachePlaces, REPO } from "./places.ts";
import type { BuildProgress } from "./progress.ts";
import { type Resolved, resolvePackages } from "./resolve.ts";
import { imageSources } from "./sources.ts";
import { StaleLists } from "./step-error.ts";

export interface BuildOptions {
  places: CachePlaces;
  extraPackages: string[];
  /** Build exactly the image of this manifest. */
  from?: ImageManifest | undefined;
  /** With `from`: take packages that Debian's signed lists do not name. */
  unsigned?: boolean;
  progress: BuildProgress;
  signal: AbortSignal;
}

/** Everything that decides what an image's bytes will be. */
export interface ImagePlan {
  apt: Apt;
  recipe: string;
  sources: string[];
  extraPackages: string[];
  inputs: string;
  kernel: Deb;
  userland: Deb[];
  mkfsErofs: string;
}

/** Settles the version of everything that goes in. Lists that were fetched within a day are taken as they are. */
export async function planImage(options: BuildOptions): Promise<ImagePlan> {
  const { places, progress, signal, from } = options;
  const apt = await progress.step("prepare the cache", () => Apt.open(places.apt, signal));
  const mkfsErofs = await progress.step("look for mkfs.erofs", () => erofsVersion(signal));
  if (from) await progress.step("read the manifest", async () => checkManifest(from, mkfsErofs));
  const { kernel, userland } = await resolve(apt, options);
  const sources = await progress.step("look for the sources that go in", () => imageSources(REPO));
  const extraPackages = [...new Set(options.extraPackages)].sort();
  const recipe = recipeHash(REPO, { sources, extraPackages });
  const inputs = createHash("sha256")
    .update(JSON.stringify({ recipe, kernel: identity(kernel), userland: userland.map(identity), mkfsErofs }))
    .digest("hex");
  return { apt, recipe, sources, extraPackages, inputs, kernel, userland, mkfsErofs };
}

/** Asks once more where the answer may come from lists of an earlier hour. */
async function resolve(apt: Apt, { extraPackages, from, unsigned = false, progress }: BuildOptions): Promise<Resolved> {
  let refreshed = false;
  const refresh = async (force: boolean) => {
    refreshed = await fetchLists(apt, progress, force);
  };
  const attempt = async (force: boolean) => {
    if (from) return resolveManifest(apt, from, progress, () => refresh(force), { unsigned });
    await refresh(force);
    return progress.step("resolve the packages", () => resolvePackages(apt, readPackageNames(REPO, extraPackages)));
  };
  return attempt(false).catch((error: unknown) => {
    if (refreshed || !(error instanceof StaleLists)) throw error;
    sayListsAreOld(progress, error);
    return attempt(true);
  });
}

/** Fetches the packages of `plan`. The result is another plan where the mirror has moved on since the lists were fetched. */
export async function downloadPlan(plan: ImagePlan, options: BuildOptions): Promise<ImagePlan> {
  const download = ({ apt, kernel, userland }: ImagePlan) =>
    options.progress.step("download the packages", () => downloadPackages(apt, [kernel, ...userland]));
  try {
    await download(plan);
    return plan;
  } catch (error) {
    if (!(error instanceof StaleLists)) throw error;
    sayListsAreOld(options.progress, error);
    await fetchLists(plan.apt, options.progress, true);
    const newer = await planImage(options);
    await download(newer);
    return newer;
  }
}

const fetchLists = (apt: Apt, progress: BuildProgress, force: boolean) =>
  progress.step("fetch the package lists", () => refreshLists(apt, progress, { force }));

const sayListsAreOld = (progress: BuildProgress, because: StaleLists) =>
  progress.note(`could not ${because.step}: ${because.message}; trying once more with package lists of this moment`);
