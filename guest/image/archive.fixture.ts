import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The public key that signed `IN_RELEASE`; nobody has the secret one any more. */
const KEYRING =
  "mDMEZ3SFgBYJKwYBBAHaRw8BAQdAgpJ2BJ2xXC/DpbEVF7awqJGMXZJGQREzBSobFFD5KIi0IlBpd29yayB0ZXN0IGFyY2hpdmUgPHRlc3RAaW52YWxpZD6IkAQTFggAOBYhBIvjZQzsazlI3UP65lXAJFC7lGsWBQJndIWAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEFXAJFC7lGsWsioA/1KfsgKLynn2Zp4V/j0yHUlcDmnKltrUhfFFHcGr1IkLAP9SQbUKfS5BCZgLWab46XAOcVL7N5NwoFwTB5NnroEgAQ==";

const PACKAGES = `Package: linux-image-6.12.1-amd64
Version: 6.12.1-1
Architecture: amd64
Filename: pool/linux-image-6.12.1-amd64_6.12.1-1_amd64.deb
Size: 5
SHA256: 1111111111111111111111111111111111111111111111111111111111111111

Package: linux-image-amd64
Version: 6.12.1-1
Architecture: amd64
Depends: linux-image-6.12.1-amd64 (= 6.12.1-1)
Filename: pool/linux-image-amd64_6.12.1-1_amd64.deb
Size: 5
SHA256: 2222222222222222222222222222222222222222222222222222222222222222

Package: tool
Version: 1.0
Architecture: amd64
Filename: pool/tool_1.0_amd64.deb
Size: 5
SHA256: 3333333333333333333333333333333333333333333333333333333333333333
`;

const IN_RELEASE = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Origin: Debian
Suite: oldstable
Codename: bookworm
Date: Wed, 01 Jan 2025 00:00:00 UTC
Architectures: amd64
Components: main
SHA256:
 9e9cda1e1440d3ddb7cbe34a80adb333cd8c4d177de087ae52245996f1b2382d 621 main/binary-amd64/Packages
-----BEGIN PGP SIGNATURE-----

iHUEARYKAB0WIQSL42UM7Gs5SN1D+uZVwCRQu5RrFgUCZ3SFgAAKCRBVwCRQu5Rr
FnldAP934KpjF1DwE0dUyluu8E0em72PrpDgJO2jH4gBylQTEAD/UoNi/K+gb87N
1z3vMG4uE61+DuRGU5+QkELIi7VRjAk=
=BZH+
-----END PGP SIGNATURE-----
`;

export interface TestArchive {
  uri: string;
  keyring: string;
}

/** A small archive called bookworm, signed as Debian signs, with a package `tool` at version 1.0 and a kernel. */
export function makeSignedArchive(dir: string): TestArchive {
  const keyring = join(dir, "keyring.gpg");
  writeArchive(join(dir, "debian"), IN_RELEASE, PACKAGES);
  writeFileSync(keyring, Buffer.from(KEYRING, "base64"));
  return { uri: `file:${dir}/debian`, keyring };
}

/** One of a third party that nobody signed, where all packages have higher versions. */
export function makeThirdPartyArchive(dir: string): string {
  writeArchive(join(dir, "third"), undefined, PACKAGES.replaceAll(/^Version: /gm, "Version: 9"));
  return `file:${dir}/third`;
}

function writeArchive(dir: string, inRelease: string | undefined, packages: string): void {
  const suite = join(dir, "dists/bookworm");
  mkdirSync(join(suite, "main/binary-amd64"), { recursive: true });
  if (inRelease !== undefined) writeFileSync(join(suite, "InRelease"), inRelease);
  writeFileSync(join(suite, "main/binary-amd64/Packages"), packages);
}
