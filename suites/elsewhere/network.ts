import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { DEBIAN_KEYRING, type DebianMirrors, sourcesFor } from "../../guest/image/debian-mirrors.ts";

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** The sources of a fresh Debian of `suite`, at this machine's mirrors. */
export function writeSources(root: string, suite: string, mirrors: DebianMirrors): void {
  rmSync(join(root, "etc/apt/sources.list"), { force: true });
  writeFileSync(join(root, "etc/apt/sources.list.d/debian.sources"), sourcesFor(mirrors, DEBIAN_KEYRING, suite));
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
