import { readFile } from "node:fs/promises";
import { cpio } from "./cpio.ts";
import { existingIn } from "./in-root.ts";
import type { KernelModule } from "./modules.ts";

/** The small root that the kernel starts in: it loads the modules and hands over to the real one. */
export async function makeInitramfs(init: Buffer, userland: string, modules: readonly KernelModule[]): Promise<Buffer> {
  return cpio([
    ...["bin", "dev", "modules", "proc", "root", "sys"].map((path) => ({ path, directory: true }) as const),
    { path: "bin/busybox", content: await readFile(await existingIn(userland, "usr/bin/busybox")), executable: true },
    // The number in front is the order in which init loads them: it goes through the directory by name.
    ...modules.map(({ name, content }, index) => ({
      path: `modules/${String(index).padStart(2, "0")}-${name}.ko`,
      content,
    })),
    { path: "init", content: init, executable: true },
  ]);
}
