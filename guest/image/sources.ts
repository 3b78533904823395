import { build, stop } from "esbuild";
import { notBundled, PROGRAMS } from "./bundles.ts";
import { INSTEAD } from "./pi-parts.ts";

/** The code that makes an image from packages and programs. */
const ASSEMBLY = "guest/image/assemble.ts";

/** Files that go into the image without the bundler. */
const FILES = [
  "guest/init/init.sh",
  "guest/init/initramfs.sh",
  "guest/package.json",
  "guest/package-lock.json",
  "guest/packages.txt",
];

/** Every file of the repository that has a part in what an image holds, as the bundler finds them; sorted paths from the root. */
export async function imageSources(repo: string): Promise<string[]> {
  try {
    const { metafile } = await build({
      entryPoints: [...PROGRAMS, ...INSTEAD.map(([, ours]) => ours), ASSEMBLY],
      absWorkingDir: repo,
      bundle: true,
      metafile: true,
      write: false,
      outdir: "nowhere",
      platform: "node",
      format: "esm",
      // The lock files say which packages go in.
      packages: "external",
      external: ["pi/*"],
      logLevel: "silent",
    });
    return [...Object.keys(metafile.inputs), ...FILES].sort();
  } catch (error) {
    throw notBundled("the sources", error);
  } finally {
    // esbuild keeps a process for the next call, which would keep ours from ending.
    await stop();
  }
}
