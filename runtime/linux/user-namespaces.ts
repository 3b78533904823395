import { readFileSync } from "node:fs";

type ReadSetting = (name: string) => string | undefined;

/** Settings by which a host forbids user namespaces to ordinary users, what they are set to then, and how root allows them again. */
const FORBIDDING: readonly [name: string, value: string, words: string][] = [
  ["kernel/unprivileged_userns_clone", "0", "as root: sysctl -w kernel.unprivileged_userns_clone=1"],
  ["user/max_user_namespaces", "0", "as root: sysctl -w user.max_user_namespaces=10000"],
  [
    "kernel/apparmor_restrict_unprivileged_userns",
    "1",
    "AppArmor allows them only to programs that have a profile for it; as root, add profiles with 'userns,' for /usr/bin/bwrap and /usr/bin/unshare, or, for all programs: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
  ],
];

/** Which setting of this host forbids user namespaces, and what to do; empty where none is known to. Root has only the limit. */
export function whatForbidsUserNamespaces(isRoot = process.getuid?.() === 0, read: ReadSetting = readSetting): string {
  return FORBIDDING.filter(([name, value]) => read(name) === value && (!isRoot || name === "user/max_user_namespaces"))
    .map(([name, value, words]) => `${name.replace("/", ".")} is ${value} (${words})`)
    .join("; ");
}

function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined; // this kernel has no such setting
  }
}
