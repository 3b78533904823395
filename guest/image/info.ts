import { basename, join } from "node:path";
import { findImage, imageDirs, readImage } from "../../runtime/state/image.ts";
import { diskUse, megabytes } from "./disk-use.ts";
import { type CachePlaces, REPO } from "./places.ts";

type Info = Awaited<ReturnType<typeof imageInfo>>;

export async function imageInfo(places: CachePlaces) {
  const images = imageDirs(places.cache).map(async (dir) => ({
    dir,
    bytes: await diskUse(dir),
    /** Null where the image is not whole, or was made by another version of the builder. */
    manifest: readImage(dir)?.manifest ?? null,
  }));
  return {
    cache: places.cache,
    /** Directory of the image that this checkout boots, null where it has to be built first. */
    current: findImage(places.cache, REPO)?.dir ?? null,
    images: await Promise.all(images),
    /** Bytes of what is kept to build again without a network. */
    downloads: {
      apt: await diskUse(places.apt),
      npm: await diskUse(places.npm),
      kernels: await diskUse(places.kernels),
    },
  };
}

/** The same for a person. */
export function describeInfo(info: Info, listPackages = false): string {
  const { apt, npm, kernels } = info.downloads;
  return [
    `Cache      ${info.cache}`,
    `Downloads  ${megabytes(apt + npm + kernels)} (Debian ${megabytes(apt)}, npm ${megabytes(npm)}, kernels ${megabytes(kernels)})`,
    `Images     ${info.images.length}`,
    ...info.images.flatMap((image) => describeImage(image, image.dir === info.current, listPackages)),
    info.current === null ? "No image fits this checkout. Build one: piwork image build" : "",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function describeImage(
  { dir, bytes, manifest }: Info["images"][number],
  current: boolean,
  listPackages: boolean,
): string[] {
  const title = `  ${basename(dir)}  ${megabytes(bytes)}${current ? "  (this checkout's)" : ""}`;
  if (manifest === null) return [title, "    not whole, or of another version of the builder"];
  const { kernel, node, pi, packages, unsigned = [], extraPackages, files } = manifest;
  return [
    title,
    `    Linux ${kernel.release} (${kernel.version}), Node ${node.version}, pi ${pi.version} (${megabytes(pi.bytes)}), ${packages.length} packages`,
    ...(extraPackages.length > 0 ? [`    with ${extraPackages.join(", ")}`] : []),
    ...(unsigned.length > 0 ? [`    not named by Debian's signed lists: ${unsigned.join(", ")}`] : []),
    `    manifest ${join(dir, "manifest.json")}`,
    ...Object.entries(files).map(([name, file]) => `    ${name}  ${megabytes(file.bytes)}  sha256 ${file.sha256}`),
    ...(listPackages ? [kernel, ...packages] : []).map(
      ({ name, version, sha256 }) => `    ${name} ${version}  sha256 ${sha256}`,
    ),
  ];
}
