import { type Apt, aptComplaints } from "./apt.ts";
import type { Deb } from "./deb.ts";
import { StaleLists, StepError, saysDiskFull } from "./step-error.ts";
import { ToolFailed } from "./tool.ts";

export interface Resolved {
  kernel: Deb;
  /** The listed packages and all they depend on, sorted by name. */
  userland: Deb[];
}

/** Settles every version, without fetching a package. */
export async function resolvePackages(apt: Apt, names: readonly string[]): Promise<Resolved> {
  return { userland: await resolveUserland(apt, names), kernel: await resolveKernel(apt) };
}

async function resolveUserland(apt: Apt, names: readonly string[]): Promise<Deb[]> {
  const debs = parseUris(await ask(() => apt.run("apt-get", ["install", "-y", "-qq", "--print-uris", ...names])));
  const missing = names.filter((name) => !debs.some((deb) => deb.name === name));
  if (missing.length > 0)
    throw new StepError(
      `apt did not resolve ${missing.join(", ")} to a package of that name`,
      "Name the package that provides it, not a virtual one, in guest/packages.txt or --packages.",
    );
  return debs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The kernel image alone: what it depends on serves to install a kernel, and has no place in the guest. The
 * metapackage names the version, which changes with every update.
 */
async function resolveKernel(apt: Apt): Promise<Deb> {
  const meta = await ask(() => apt.run("apt-cache", ["show", "--no-all-versions", "linux-image-amd64"]));
  const name = /^Depends:.*?\b(linux-image-\d[^ ,]*)/m.exec(meta)?.[1];
  if (name === undefined)
    throw new StepError(
      "changed kernel layout: linux-image-amd64 does not depend on a versioned kernel image",
      "This builder knows Debian 12's kernel packages; look at guest/image/resolve.ts.",
    );
  const [deb] = await describePackages(apt, [name]);
  if (deb === undefined)
    throw new StepError(`apt names no file for ${name}`, "Check the sources of this machine (/etc/apt).");
  return deb;
}

/** The packages of these names, or of `name=version`, without what they depend on. */
export const describePackages = async (apt: Apt, names: readonly string[]): Promise<Deb[]> =>
  parseUris(await ask(() => apt.run("apt-get", ["download", "-qq", "--print-uris", ...names])));

async function ask(question: () => Promise<{ stdout: string }>): Promise<string> {
  try {
    return (await question()).stdout;
  } catch (error) {
    if (!(error instanceof ToolFailed) || saysDiskFull(error.output)) throw error;
    throw new StaleLists(
      aptComplaints(error.output).join("; ") || error.message,
      "Check the names, and that the Debian mirrors of this machine (/etc/apt) have Debian 12's main component.",
      { cause: error },
    );
  }
}

/** Reads apt's lines of `'address' file bytes SHA256:hash`. */
export function parseUris(output: string): Deb[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("'"))
    .map((line) => {
      const match = /^'[^']*' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line);
      const [name, version] = match?.[1]?.split("_") ?? [];
      if (!match || !name || !version)
        throw new StepError(
          "apt named a package without a SHA256 or a version",
          "Use a source with signed package lists.",
        );
      return {
        name,
        version: decodeURIComponent(version),
        file: match[1] as string,
        bytes: Number(match[2]),
        sha256: match[3] as string,
      };
    });
}
