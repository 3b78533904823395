import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Puts the guest's first process where the initramfs expects it. */
export async function installInit(repo: string, root: string): Promise<void> {
  const init = join(root, "usr/lib/piwork/init");
  await mkdir(join(root, "usr/lib/piwork"), { recursive: true });
  await copyFile(join(repo, "guest/init/init.sh"), init);
  // Not every checkout keeps the bit.
  await chmod(init, 0o755);
}
