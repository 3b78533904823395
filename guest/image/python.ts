import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "./tool.ts";

/**
 * Compiles Python's modules, as its packages do when they are installed: in a task the root is read-only, so each start of Python would
 * compile anew what it loads. The guest's own Python does it, since each version has another format, and in a view of the guest's files
 * alone: beside another C library's locales and settings it may crash.
 */
export async function compilePython(root: string, signal: AbortSignal): Promise<void> {
  const version = (await readdir(join(root, "usr/lib"))).find((name) => /^python3\.\d+$/.test(name));
  if (version === undefined || !existsSync(join(root, "usr/bin", version))) return;
  const view = [
    "--unshare-all",
    // With the builder's terminal, a program could type commands into it.
    "--new-session",
    "--die-with-parent",
    "--clearenv",
    ...["--bind", join(root, "usr"), "/usr"],
    ...["bin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    // The order of sets would differ from build to build.
    ...["--setenv", "PYTHONHASHSEED", "0"],
  ];
  await tool(
    "bwrap",
    [
      ...[...view, "--", `/usr/bin/${version}`],
      // Nothing is compiled in passing, in another way than the rest.
      ...["-s", "-S", "-P", "-B", "-m", "compileall", "-q"],
      // The files never change, and their times are set later.
      ...["--invalidation-mode", "unchecked-hash"],
      ...[version, "python3"].map((name) => `/usr/lib/${name}`),
    ],
    { signal },
  );
}
