import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEBIAN_KEYRING, findDebianMirrors, lacksKeys, sourcesFor } from "./debian-mirrors.ts";
import { tool } from "./tool.ts";

/** What a machine's apt is asked for, and whose packages are accepted. Tests have others. */
export interface AptWorld {
  /** Where the machine's sources are described. */
  etc: string;
  keyring: string;
}

const THIS_MACHINE: AptWorld = { etc: "/etc/apt", keyring: DEBIAN_KEYRING };

/**
 * Debian's own client, with a state of its own: nothing is installed, so that it resolves whole closures; it needs no root and does
 * not touch the machine it runs on. From that machine it has the addresses of Debian's mirrors, and how to reach them (proxy,
 * passwords): no other source, no pin, and no key but Debian's has a say in what the guest is made of.
 */
export class Apt {
  readonly #signal: AbortSignal;

  private constructor(
    readonly dir: string,
    /** What apt reads as its sources. */
    readonly sources: string,
    /** Whether this machine has a source of Debian's security updates. */
    readonly hasSecurity: boolean,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
  }

  static async open(dir: string, signal: AbortSignal, { etc, keyring }: AptWorld = THIS_MACHINE): Promise<Apt> {
    for (const folder of ["state/lists/partial", "cache/archives/partial", "log"])
      await mkdir(join(dir, folder), { recursive: true });
    const mirrors = await findDebianMirrors(etc);
    await stat(keyring).catch(() => {
      throw lacksKeys();
    });
    const sources = sourcesFor(mirrors, keyring);
    await writeFile(join(dir, "debian.sources"), sources);
    // Nothing is installed here: every dependency is resolved anew.
    await writeFile(join(dir, "state/status"), "");
    // Read after the system's configuration, whose hooks are for the system's own package lists.
    await writeFile(join(dir, "apt.conf"), CONFIGURATION);
    return new Apt(dir, sources, mirrors.security.length > 0, signal);
  }

  run(program: "apt-get" | "apt-cache", args: readonly string[], cwd = this.dir) {
    // Paths go in as arguments: a path inside a configuration file would have to be quoted.
    const paths = {
      "Dir::State": join(this.dir, "state"),
      "Dir::State::status": join(this.dir, "state/status"),
      "Dir::State::extended_states": join(this.dir, "state/extended_states"),
      "Dir::State::lists": join(this.dir, "state/lists"),
      "Dir::Cache": join(this.dir, "cache"),
      "Dir::Cache::archives": join(this.dir, "cache/archives"),
      "Dir::Etc::sourcelist": join(this.dir, "debian.sources"),
      "Dir::Log": join(this.dir, "log"),
    };
    const options = Object.entries(paths).flatMap(([name, path]) => ["-o", `${name}=${path}`]);
    return tool(program, ["-c", join(this.dir, "apt.conf"), ...options, ...args], { signal: this.#signal, cwd });
  }
}

/** The lines in which apt says what went wrong. */
export const aptComplaints = (output: string): string[] =>
  output
    .split("\n")
    .filter((line) => /^[EW]: /.test(line))
    .map((line) => line.slice(3));

const CONFIGURATION = `APT::Architecture "amd64";
#clear APT::Architectures;
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Default-Release "";
APT::Get::AllowUnauthenticated "false";
APT::Sandbox::User "";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Check-Date "true";
Acquire::Check-Valid-Until "true";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
`;
