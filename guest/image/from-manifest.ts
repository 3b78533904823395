import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ImageManifest, parseManifest, recipeHash } from "../../runtime/state/image.ts";
import type { Apt } from "./apt.ts";
import { type Deb, debsDir, sha256Of } from "./deb.ts";
import { REPO } from "./places.ts";
import type { BuildProgress } from "./progress.ts";
import { describePackages, type Resolved } from "./resolve.ts";
import { StaleLists, StepError } from "./step-error.ts";

type Wanted = ImageManifest["packages"][number];

/** The manifest that an image is to be built from. */
export async function readManifest(file: string): Promise<ImageManifest> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new StepError(`${file} could not be read (${error.code})`, "Name the manifest.json of an image.");
  });
  const manifest = parseManifest(text);
  if (manifest === undefined)
    throw new StepError(
      `${file} is not the manifest of an image of this version`,
      "Name the manifest.json of an image.",
    );
  return manifest;
}

/** Refuses a manifest that this checkout, or this machine's tools, would make another image of. */
export function checkManifest(manifest: ImageManifest, mkfsErofs: string): void {
  if (manifest.recipe !== recipeHash(REPO, manifest))
    throw new StepError(
      "the manifest was made by other sources than those of this checkout",
      "Check out the commit that made it: it is one that changed a file of the manifest's 'sources'.",
    );
  if (manifest.tools.mkfsErofs !== mkfsErofs)
    throw new StepError(
      `the manifest was made with mkfs.erofs ${manifest.tools.mkfsErofs}, and this machine has ${mkfsErofs}, which writes other bytes`,
      `Build it where erofs-utils ${manifest.tools.mkfsErofs} is installed.`,
    );
}

/** Refuses an image whose files are not those of the manifest. */
export function compareFiles(wanted: ImageManifest, made: ImageManifest): void {
  for (const [name, { sha256 }] of Object.entries(wanted.files))
    if (made.files[name as keyof ImageManifest["files"]].sha256 !== sha256)
      throw new StepError(
        `${name} came out with another sha256 than the manifest says`,
        "From the same packages this must not happen: please report it with both manifests.",
      );
}

/** Exactly the packages of a manifest: from those that were downloaded before, or as the mirrors have them. */
export async function resolveManifest(
  apt: Apt,
  manifest: ImageManifest,
  progress: BuildProgress,
  refresh: () => Promise<unknown>,
): Promise<Resolved> {
  const wanted = [manifest.kernel, ...manifest.packages];
  const debs = await progress.step("look for the packages among the downloads", () =>
    Promise.all(wanted.map((one) => findKept(apt, one))),
  );
  const missing = wanted.filter((_, index) => debs[index] === undefined);
  if (missing.length > 0) {
    await refresh();
    const offered = await progress.step("find the packages", () => offeredBy(apt, missing));
    for (const [index, { name }] of wanted.entries()) debs[index] ??= offered.find((deb) => deb.name === name);
  }
  const [kernel, ...userland] = debs as Deb[];
  return { kernel: kernel as Deb, userland };
}

async function offeredBy(apt: Apt, wanted: readonly Wanted[]): Promise<Deb[]> {
  const debs = await describePackages(
    apt,
    wanted.map(({ name, version }) => `${name}=${version}`),
  ).catch((error: unknown) => {
    if (!(error instanceof StaleLists)) throw error;
    throw new StaleLists(
      `the Debian mirrors no longer have what the manifest names (${error.message})`,
      `Put the files of these versions into ${debsDir(apt)}, from the cache of a machine that has built this image or from an archive of Debian's past.`,
      { cause: error },
    );
  });
  for (const { name, version, sha256 } of wanted)
    if (debs.find((deb) => deb.name === name)?.sha256 !== sha256)
      throw new StepError(
        `the mirrors have another file for ${name} ${version} than the manifest: its sha256 is not ${sha256}`,
        "Use the Debian mirror that the manifest was made from.",
      );
  return debs;
}

/** The package of this very sha256 among the downloads. */
async function findKept(apt: Apt, { name, version, sha256 }: Wanted): Promise<Deb | undefined> {
  const files = await readdir(debsDir(apt)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const file of files) {
    const path = join(debsDir(apt), file);
    if (file.startsWith(`${name}_`) && (await sha256Of(path)) === sha256)
      return { name, version, file, bytes: (await stat(path)).size, sha256 };
  }
  return undefined;
}
