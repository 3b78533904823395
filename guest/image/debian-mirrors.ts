import { type AptSource, readAptSources } from "./apt-sources.ts";
import { StepError } from "./step-error.ts";

/** The Debian that every guest runs, whatever the host runs; see docs/adr/0018. */
export const SUITE = "bookworm";
const SUITE_IN_WORDS = "Debian 12 (bookworm)";

/** Which keys may sign a package of the guest. */
export const DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

export interface DebianMirrors {
  /** Base addresses of Debian's archive. */
  archive: string[];
  /** Base addresses of its security updates. */
  security: string[];
}

const RELEASE =
  /^(oldoldstable|oldstable|stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)(?:(-security|\/updates)|-updates)?$/;

/** The addresses from which this machine takes Debian itself. */
export async function findDebianMirrors(etc: string): Promise<DebianMirrors> {
  const mirrors = selectDebianMirrors(await readAptSources(etc));
  if (mirrors.archive.length === 0)
    throw new StepError(
      `no source in ${etc} is a mirror of Debian, from which the guest's packages come`,
      `Add one to its sources.list.d: \`deb MIRROR ${SUITE} main\`, with a Debian mirror near you. Where the machine runs another system, ` +
        "give that source a priority of -1 in preferences.d, so that only the guest gets packages from it.",
    );
  return mirrors;
}

/**
 * A source counts if it offers `main` of one of Debian's releases for our processor and does not name other keys. A third party
 * may call its suite "bookworm" too: then its signature tells, since only Debian's keys are accepted.
 */
function selectDebianMirrors(sources: readonly AptSource[]): DebianMirrors {
  const archive = new Set<string>();
  const security = new Set<string>();
  for (const { uris, suites, components, architectures, signedBy } of sources) {
    const ours = architectures.length === 0 || architectures.includes("amd64");
    const debianKeys = signedBy === undefined || /\bdebian-archive-/.test(signedBy);
    if (!ours || !debianKeys || !components.includes("main")) continue;
    for (const suite of suites) {
      const match = RELEASE.exec(suite.replace(/\/$/, ""));
      if (match === null) continue;
      for (const uri of uris)
        if (!uri.startsWith("cdrom:")) (match[2] === undefined ? archive : security).add(uri.replace(/\/+$/, ""));
    }
  }
  return { archive: [...archive], security: [...security] };
}

/** Sources for apt that name these mirrors only. */
export function sourcesFor({ archive, security }: DebianMirrors, keyring: string, suite = SUITE): string {
  const source = (uris: string[], suites: string) =>
    `Types: deb\nURIs: ${uris.join(" ")}\nSuites: ${suites}\nComponents: main\nSigned-By: ${keyring}\n`;
  const updates = security.length > 0 ? [source(security, `${suite}-security`)] : [];
  return [source(archive, `${suite} ${suite}-updates`), ...updates].join("\n");
}

export const lacksKeys = () =>
  new StepError(
    `this machine's keyring has no key of ${SUITE_IN_WORDS}, so its packages cannot be checked`,
    "Bring it up to date: sudo apt-get update && sudo apt-get install debian-archive-keyring",
  );
