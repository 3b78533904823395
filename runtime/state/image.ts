import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { namesIn, readIfThere } from "./absent.ts";
import { readCached } from "./whole-file.ts";

/** Raised whenever an image made before can no longer be booted by the runtime of today. */
export const IMAGE_SCHEMA = 3;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const imageFile = z.strictObject({ bytes: z.int().positive(), sha256 });
/** Debian's own rule for names, less a trailing `-`, which apt-get would take for "remove". */
export const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$/, "is not the name of a Debian package");

/** Of a package or a program; it is shown on terminals. */
const version = z.string().regex(/^[0-9][A-Za-z0-9.+:~_-]*$/);
const debianPackage = z.strictObject({ name: packageName, version, sha256 });

const sourcePath = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*$/);

/** What `manifest.json` of an image says. Holds no time and no path: the same inputs give the same bytes. */
const imageManifest = z.strictObject({
  schema: z.literal(IMAGE_SCHEMA),
  /** What of the repository went in, see `recipeHash`. */
  recipe: sha256,
  /** The files of the repository that went in, as paths from its root. */
  sources: z.array(sourcePath).min(1),
  /** The recipe, and every package and tool that it was resolved to. */
  inputs: sha256,
  /** Packages asked for beyond the list in the repository. */
  extraPackages: z.array(packageName),
  kernel: z.strictObject({ release: version, ...debianPackage.shape }),
  /** The whole userland, dependencies included, sorted by name. */
  packages: z.array(debianPackage),
  /** Packages that the build took although Debian's signed lists did not name them. */
  unsigned: z.array(packageName).optional(),
  node: z.strictObject({ version }),
  /** The agent; `bytes` of all its files. */
  pi: z.strictObject({ version, bytes: z.int().positive() }),
  tools: z.strictObject({ mkfsErofs: version, esbuild: version }),
  files: z.strictObject({ vmlinux: imageFile, "initramfs.cpio": imageFile, "root.erofs": imageFile }),
});
export type ImageManifest = z.infer<typeof imageManifest>;

export interface Image {
  /** Absolute path of the directory that holds the three files and the manifest. */
  dir: string;
  manifest: ImageManifest;
}

/**
 * Identifies everything in a repository that an image is made from: its files, the versions of the bundler and of the package that it
 * bundles, the packages that were asked for. Takes milliseconds and no network.
 */
export function recipeHash(
  repo: string,
  { sources, extraPackages }: Pick<ImageManifest, "sources" | "extraPackages">,
): string {
  const hash = createHash("sha256");
  // Names and contents are length-prefixed, so that no two trees can read the same.
  const add = (name: string, content: string | Buffer) =>
    hash.update(`${Buffer.byteLength(name)}:${name}${Buffer.byteLength(content)}:`).update(content);
  for (const file of sources) {
    const content = readIfThere(join(repo, file));
    add(content === undefined ? `missing ${file}` : file, content ?? "");
  }
  for (const name of ["esbuild", "zod"]) add(`version of ${name}`, lockedVersion(repo, name));
  add("packages", extraPackages.join("\n"));
  return hash.digest("hex");
}

const lockFile = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

/** The version of an npm package that the repository's lock file pins. */
export function lockedVersion(repo: string, name: string): string {
  const lock = lockFile.parse(JSON.parse(readFileSync(join(repo, "package-lock.json"), "utf8")));
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`package-lock.json does not pin ${name}. Run npm install.`);
  return version;
}

/** A manifest, or undefined where the text is none, or one of another schema. */
export function parseManifest(text: string): ImageManifest | undefined {
  try {
    return imageManifest.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The image in `dir`, or undefined where there is none, or not a whole one, or one of another schema. */
export function readImage(dir: string): Image | undefined {
  const manifest = readCached(join(dir, "manifest.json"), imageManifest);
  if (manifest === undefined) return undefined;
  // Sizes, not hashes: this runs on every start, and a publish is atomic.
  const isWhole = Object.entries(manifest.files).every(
    ([file, { bytes }]) => statSync(join(dir, file), { throwIfNoEntry: false })?.size === bytes,
  );
  return isWhole ? { dir, manifest } : undefined;
}

/**
 * The image to boot: the one that was built or asked for last, among those made from the sources as they are now.
 * Packages that its build added count as its own choice, so `image build --packages` decides what the next machine boots.
 */
export function findImage(cacheDir: string, repo: string): Image | undefined {
  const images = imageDirs(cacheDir)
    .flatMap((dir) => readImage(dir) ?? [])
    .map((image) => ({ image, time: statSync(join(image.dir, "manifest.json")).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  return images.find(({ image }) => image.manifest.recipe === recipeHash(repo, image.manifest))?.image;
}

/** Every directory that a build has published, whole or not. */
export function imageDirs(cacheDir: string): string[] {
  return namesIn(join(cacheDir, "images"))
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .sort()
    .map((name) => join(cacheDir, "images", name));
}
