import { lstat, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "./if-there.ts";
import { existingIn, newIn } from "./in-root.ts";

/** Links that `update-alternatives` or an install script would have made, each where its target is installed. */
const LINKS: [link: string, target: string][] = [
  ["usr/bin/awk", "/usr/bin/mawk"],
  ["usr/bin/c89", "/usr/bin/c89-gcc"],
  ["usr/bin/c99", "/usr/bin/c99-gcc"],
  ["usr/bin/cc", "/usr/bin/gcc"],
  ["usr/bin/fd", "/usr/bin/fdfind"],
  ["usr/bin/nc", "/usr/bin/nc.openbsd"],
  ["usr/bin/pager", "/usr/bin/less"],
  ["usr/bin/sh", "/usr/bin/dash"],
  ["usr/bin/which", "/usr/bin/which.debianutils"],
];

/** Links into what is mounted at boot, where programs look for a place to write. */
const INTO_MOUNTS: [link: string, target: string][] = [
  ["etc/mtab", "/proc/self/mounts"],
  ["var/lock", "/run/lock"],
  ["var/run", "/run"],
  ["var/tmp", "/tmp"],
];

export async function makeAlternatives(root: string): Promise<void> {
  for (const [link, target] of LINKS)
    if ((await exists(join(root, target))) && !(await exists(join(root, link))))
      await symlink(target, await newIn(root, link));
  for (const [link, target] of INTO_MOUNTS) await symlink(target, await newIn(root, link));
  await bundleCertificates(root);
}

/** What update-ca-certificates would have put together, where ca-certificates is installed. */
async function bundleCertificates(root: string): Promise<void> {
  const folder = "usr/share/ca-certificates";
  if (!(await exists(join(root, folder)))) return;
  const source = await existingIn(root, folder);
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith(".crt")).sort();
  const certificates = await Promise.all(files.map(async (file) => readFile(await existingIn(source, file), "utf8")));
  await writeFile(
    await newIn(root, "etc/ssl/certs/ca-certificates.crt"),
    certificates.map((text) => `${text.trim()}\n`).join(""),
  );
}

const exists = async (path: string) => (await ifThere(lstat(path))) !== undefined;
