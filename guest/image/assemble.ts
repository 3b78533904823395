import { chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IMAGE_SCHEMA, type ImageManifest, lockedVersion, recipeHash } from "../../runtime/state/image.ts";
import { type GuestPi, makeBundles } from "./bundles.ts";
import { type Deb, debPath, identity, sha256Of } from "./deb.ts";
import { makeErofs } from "./erofs.ts";
import { copyNode, installGuestNode } from "./guest-node.ts";
import { makeInitramfs } from "./initramfs.ts";
import { takeKernel } from "./kernel.ts";
import { installModules } from "./modules.ts";
import { REPO } from "./places.ts";
import type { BuildOptions, ImagePlan } from "./plan.ts";
import { StepError } from "./step-error.ts";
import { makeUserland, settleModes } from "./userland.ts";

/** Makes the three files and their manifest in `output`, from packages that are already here. */
export async function assembleImage(
  plan: ImagePlan,
  output: string,
  scratch: string,
  options: BuildOptions,
): Promise<ImageManifest> {
  const { progress, signal, places } = options;
  const root = join(scratch, "root");
  const path = (deb: Deb) => debPath(plan.apt, deb);
  await progress.step("prepare the build", () =>
    Promise.all([output, root].map((dir) => mkdir(dir, { recursive: true }))),
  );

  const node = await progress.step("install Node for the guest", () => installGuestNode(REPO, places.npm, signal));
  const { init, pi } = await progress.step("bundle our programs, and pi", async () => {
    const pi = await makeBundles(REPO, root, node.modules, node.version);
    await copyFile(join(REPO, "guest/init/init.sh"), join(root, "usr/lib/piwork/init"));
    // Not every checkout keeps the bit.
    await chmod(join(root, "usr/lib/piwork/init"), 0o755);
    const initramfsInit = await readFile(join(REPO, "guest/init/initramfs.sh"));
    // Everything of the repository has been read by now: is it still what the image will be named after?
    if (recipeHash(REPO, plan) !== plan.recipe)
      throw new StepError("the sources changed while the image was being built", "Run it again.");
    return { init: initramfsInit, pi };
  });
  const kernel = await progress.step("unpack the kernel", () =>
    takeKernel({ path: path(plan.kernel), sha256: plan.kernel.sha256 }, places.kernels, signal),
  );
  await progress.step("unpack the packages", async () => {
    await makeUserland(root, plan.userland.map(path), signal);
    await copyNode(node, root);
    await installModules(root, kernel.release, kernel.later);
    await settleModes(root);
  });
  await progress.step("make the initramfs", async () => {
    await writeFile(join(output, "vmlinux"), kernel.vmlinux);
    await writeFile(join(output, "initramfs.cpio"), await makeInitramfs(init, root, kernel.boot));
  });
  await progress.step("make the root image", () => makeErofs(root, join(output, "root.erofs"), signal));
  return progress.step("write the manifest", async () => {
    const manifest = await describeImage(output, kernel.release, { node: node.version, pi }, plan);
    await writeFile(join(output, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    await rm(scratch, { recursive: true });
    return manifest;
  });
}

async function describeImage(
  output: string,
  release: string,
  versions: { node: string; pi: GuestPi },
  plan: ImagePlan,
): Promise<ImageManifest> {
  const unsigned = [plan.kernel, ...plan.userland].filter((deb) => deb.unsigned);
  return {
    schema: IMAGE_SCHEMA,
    recipe: plan.recipe,
    sources: plan.sources,
    inputs: plan.inputs,
    extraPackages: plan.extraPackages,
    kernel: { release, ...identity(plan.kernel) },
    packages: plan.userland.map(identity),
    ...(unsigned.length > 0 ? { unsigned: unsigned.map(({ name }) => name) } : {}),
    node: { version: versions.node },
    pi: versions.pi,
    tools: { mkfsErofs: plan.mkfsErofs, esbuild: lockedVersion(REPO, "esbuild") },
    files: {
      vmlinux: await measured(join(output, "vmlinux")),
      "initramfs.cpio": await measured(join(output, "initramfs.cpio")),
      "root.erofs": await measured(join(output, "root.erofs")),
    },
  };
}

const measured = async (file: string) => ({ bytes: (await stat(file)).size, sha256: await sha256Of(file) });
