import { chmodSync, cpSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { REPOSITORY } from "../../runtime/state/places.ts";

/**
 * A checkout as a user has one: the sources of this one, its packages by link, and a `tmp` of its own. Its logs go to `logs`.
 */
export async function makeCheckout(directory: string, logs: string): Promise<void> {
  const { stdout } = await $({ cwd: REPOSITORY, quiet: true })`git ls-files -z --cached --others --exclude-standard`;
  for (const file of stdout.split("\0").filter((name) => name !== "" && exists(name))) {
    const target = join(directory, file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(REPOSITORY, file), target, { preserveTimestamps: true });
  }
  linkPackages(directory);
  // The runtime refuses a workspace that others may write to.
  chmodSync(directory, 0o755);
  mkdirSync(logs, { recursive: true });
  mkdirSync(join(directory, "tmp"), { recursive: true });
  symlinkSync(logs, join(directory, "tmp/dev"));
}

function exists(name: string): boolean {
  return statSync(join(REPOSITORY, name), { throwIfNoEntry: false })?.isFile() === true;
}

/** Each package is a link; `.bin` is copied, since its links lead to the checkout that it lies in. So is the program's own link. */
function linkPackages(directory: string): void {
  const [from, to] = [join(REPOSITORY, "node_modules"), join(directory, "node_modules")];
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    // What the program builds for itself belongs to one checkout.
    if (entry.name === ".cache") continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink() || entry.name === ".bin")
      cpSync(source, target, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(source, target);
  }
}
