import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "./tool.ts";

/**
 * Compiles Python's modules, as its packages do when they are installed: in a task the root is read-only, so each start of Python would
 * compile anew what it loads. The guest's own Python does it, with its own libraries, since each version has another format.
 */
export async function compilePython(root: string, signal: AbortSignal): Promise<void> {
  const version = (await readdir(join(root, "usr/lib"))).find((name) => /^python3\.\d+$/.test(name));
  if (version === undefined || !existsSync(join(root, "usr/bin", version))) return;
  const libraries = join(root, "usr/lib/x86_64-linux-gnu");
  await tool(
    join(root, "usr/lib64/ld-linux-x86-64.so.2"),
    [
      ...["--library-path", libraries, join(root, "usr/bin", version)],
      // Neither modules of the builder's own nor its settings; and nothing is compiled in passing, in another way than the rest.
      ...["-s", "-S", "-P", "-B", "-m", "compileall", "-q"],
      // The files never change, and their times are set later. In the traces of errors stand the guest's paths.
      ...["--invalidation-mode", "unchecked-hash", "-s", root, "-p", "/"],
      ...[version, "python3"].map((name) => join(root, "usr/lib", name)),
    ],
    // The order of sets would differ from build to build.
    { signal, env: { PYTHONHASHSEED: "0", PYTHONHOME: join(root, "usr") }, extendEnv: false },
  );
}
