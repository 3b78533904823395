import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "zx";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** Where this machine takes Debian's packages from. */
export interface Mirrors {
  archive: string;
  /** of its security updates, where this machine has them */
  security: string | undefined;
}

/** Asks apt, which has read all its configuration. */
export async function findMirrors(): Promise<Mirrors> {
  const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
  const { stdout } = await $({ quiet: true })`apt-get indextargets --format ${format} ${"Created-By: Packages"}`;
  const sources = stdout.split("\n").map((line) => line.split("|"));
  const labelled = (label: string) => sources.find(([origin, found]) => origin === "Debian" && found === label)?.[2];
  const archive = labelled("Debian");
  if (archive === undefined)
    throw new Error(
      "apt knows no source of Debian's own packages here. Run 'apt-get update', and look at /etc/apt/sources.list.d.",
    );
  return { archive, security: labelled("Debian-Security") };
}

/** The sources of a fresh Debian of `suite`, at this machine's mirrors. */
export function writeSources(root: string, suite: string, { archive, security }: Mirrors): void {
  const source = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: main\nSigned-By: ${KEYRING}\n`;
  const updates = security === undefined ? [] : [source(security, `${suite}-security`)];
  rmSync(join(root, "etc/apt/sources.list"), { force: true });
  writeFileSync(
    join(root, "etc/apt/sources.list.d/debian.sources"),
    [source(archive, `${suite} ${suite}-updates`), ...updates].join("\n"),
  );
}

/** How names are looked up here, and whose certificates are trusted. */
export function copyNetworkSettings(root: string): void {
  // Debian's own bundle may be less than this machine trusts.
  const files = [CERTIFICATES, process.env["NODE_EXTRA_CA_CERTS"] ?? CERTIFICATES, "/etc/resolv.conf"];
  for (const file of new Set(files)) if (existsSync(file)) copyInto(root, file, file);
}

/** Which npm registry this user uses, and how. May hold a key: for what one run writes, and never for evidence. */
export function copyNpmSettings(home: string): void {
  const own = process.env["NPM_CONFIG_USERCONFIG"] ?? join(homedir(), ".npmrc");
  if (existsSync(own)) copyInto(home, own, ".npmrc");
}

function copyInto(root: string, file: string, to: string): void {
  const target = join(root, to);
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { force: true });
  copyFileSync(realpathSync(file), target);
}
