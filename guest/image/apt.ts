import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "./tool.ts";

/**
 * Debian's own client, with a state of its own: the system's sources and keyrings, but nothing installed, so that it
 * resolves whole closures, needs no root, and does not touch the machine it runs on.
 */
export class Apt {
  readonly dir: string;
  readonly #signal: AbortSignal;

  private constructor(dir: string, signal: AbortSignal) {
    this.dir = dir;
    this.#signal = signal;
  }

  static async open(dir: string, signal: AbortSignal): Promise<Apt> {
    for (const folder of ["state/lists/partial", "cache/archives/partial", "log"])
      await mkdir(join(dir, folder), { recursive: true });
    // Nothing is installed here: every dependency is resolved anew.
    await writeFile(join(dir, "state/status"), "");
    // Read after the system's configuration, whose hooks are for the system's own package lists.
    await writeFile(join(dir, "apt.conf"), CONFIGURATION);
    return new Apt(dir, signal);
  }

  get(args: readonly string[], cwd = this.dir) {
    return this.#run("apt-get", args, cwd);
  }

  cache(args: readonly string[]) {
    return this.#run("apt-cache", args, this.dir);
  }

  #run(program: string, args: readonly string[], cwd: string) {
    // Paths go in as arguments: a path inside a configuration file would have to be quoted.
    const paths = {
      "Dir::State": join(this.dir, "state"),
      "Dir::State::status": join(this.dir, "state/status"),
      "Dir::State::extended_states": join(this.dir, "state/extended_states"),
      "Dir::Cache": join(this.dir, "cache"),
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
APT::Sandbox::User "";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
`;
