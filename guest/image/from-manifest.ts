import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "../../runtime/state/absent.ts";
import { type ImageManifest, parseManifest, recipeHash } from "../../runtime/state/image.ts";
import type { Apt } from "./apt.ts";
import { type Deb, debsDir, sha256Of } from "./deb.ts";
import { REPO } from "./places.ts";
import type { BuildProgress } from "./progress.ts";
import { describePackages, type Resolved } from "./resolve.ts";
import { StaleLists, StepError } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

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

/**
 * Exactly the packages of a manifest, each named with its sha256 by Debian's signed lists. With `unsigned`, those that the lists no
 * longer name are taken from the downloads, by the sha256 of the manifest alone.
 */
export async function resolveManifest(
  apt: Apt,
  manifest: ImageManifest,
  progress: BuildProgress,
  refresh: () => Promise<unknown>,
  { unsigned = false } = {},
): Promise<Resolved> {
  const wanted = [manifest.kernel, ...manifest.packages];
  const look = () => progress.step("find the packages", () => findSigned(apt, wanted));
  let found = await look();
  if (found.includes(undefined) && unsigned)
    found = await progress.step("look for the packages among the downloads", () =>
      Promise.all(wanted.map(async (one, index) => found[index] ?? (await findKept(apt, one)))),
    );
  if (found.includes(undefined)) {
    await refresh();
    const listed = await look();
    found = found.map((deb, index) => listed[index] ?? deb);
  }
  const missing = wanted.filter((_, index) => found[index] === undefined);
  if (missing.length > 0)
    throw new StaleLists(
      `Debian's signed package lists do not name, or no longer, what the manifest names: ${describe(missing)}`,
      unsigned
        ? `Put these files into ${debsDir(apt)}, from the cache of a machine that has built this image.`
        : `Build today's image, without --from. If you trust whoever gave you the manifest with all that runs in the guest, add --unsigned: then files in ${debsDir(apt)} are taken if they have the manifest's sha256, whether Debian signed them or not.`,
    );
  const [kernel, ...userland] = found as Deb[];
  const taken = found.filter((deb) => deb?.unsigned).length;
  if (taken > 0)
    progress.note(
      `warning: Debian's signed package lists do not name ${taken} of the packages; the manifest alone vouches for them`,
    );
  return { kernel: kernel as Deb, userland };
}

const describe = (packages: readonly Wanted[]) => {
  const names = packages.map(({ name, version, sha256 }) => `${name} ${version} (sha256 ${sha256.slice(0, 12)}…)`);
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
};

/** For each package, what the signed lists offer with this version and sha256. */
async function findSigned(apt: Apt, wanted: readonly Wanted[]): Promise<(Deb | undefined)[]> {
  const exactly = ({ name, version }: { name: string; version: string }) => `${name}=${version}`;
  // apt-cache skips versions that it does not know, and fails if it knows none of them.
  const { stdout } = await apt.run("apt-cache", ["show", ...wanted.map(exactly)]).catch((error: unknown) => {
    if (error instanceof ToolFailed && /No packages found/.test(error.output)) return { stdout: "" };
    throw error;
  });
  const listed = new Set(
    [...stdout.matchAll(/^Package: (.+)\n(?:.+\n)*?Version: (.+)$/gm)].map(([, name, version]) => `${name}=${version}`),
  );
  const names = wanted.map(exactly).filter((name) => listed.has(name));
  const debs = names.length > 0 ? await describePackages(apt, names) : [];
  return wanted.map(({ name, sha256 }) => debs.find((deb) => deb.name === name && deb.sha256 === sha256));
}

/** The package of this very sha256 among the downloads. */
async function findKept(apt: Apt, { name, version, sha256 }: Wanted): Promise<Deb | undefined> {
  for (const file of namesIn(debsDir(apt))) {
    const path = join(debsDir(apt), file);
    if (file.startsWith(`${name}_`) && (await sha256Of(path)) === sha256)
      return { name, version, file, bytes: (await stat(path)).size, sha256, unsigned: true };
  }
  return undefined;
}
