import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "zx";
import { DEBIAN_KEYRING, type DebianMirrors, findDebianMirrors } from "../../guest/image/debian-mirrors.ts";
import { atExit } from "../../harness/host/at-exit.ts";
import { findPlaces } from "../../runtime/state/places.ts";
import { Machine, type MachineFiles, removeMachine } from "./machine.ts";
import { copyNetworkSettings, writeSources } from "./network.ts";
import { step } from "./step.ts";

const SUITE = "trixie";
/** All that a machine has beside Debian's smallest root: the README asks for Node and npm. */
const PACKAGES = ["nodejs", "npm"];
/** An older root is made anew, from the packages of the day. */
const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;

/** Where roots are kept, and what the machines of runs write. */
function rootsDirectory(): string {
  return join(findPlaces().cache, "elsewhere");
}

/** A directory that was `debootstrap`ped within a week; nothing of ours has run in it. */
export async function haveDebianRoot(logs: string): Promise<string> {
  const directory = rootsDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  removeLeftovers(directory);
  const root = join(directory, `${SUITE}-${recipe()}`);
  if (existsSync(root)) return root;
  await haveDebootstrap(logs);
  const building = join(directory, `building-${process.pid}`);
  const forget = atExit(() => removeMachine(building));
  await makeRoot(building, await findDebianMirrors("/etc/apt"), logs);
  renameSync(join(building, "root"), root);
  forget();
  removeMachine(building);
  return root;
}

/** A machine that has it as its root, for one run; goes with this process unless it is to be kept. */
export function freshMachine(base: string, isKept: boolean): MachineFiles {
  const directory = join(rootsDirectory(), `${isKept ? "kept" : "run"}-${process.pid}`);
  if (!isKept) atExit(() => removeMachine(directory));
  for (const part of ["root", "upper", "work", "home"]) mkdirSync(join(directory, part), { recursive: true });
  return { directory, base };
}

async function makeRoot(directory: string, mirrors: DebianMirrors, logs: string): Promise<void> {
  const root = join(directory, "root");
  mkdirSync(root, { recursive: true });
  const log = join(logs, "debian-root.log");
  // In namespaces of its own: its mounts and processes end with it.
  const apart = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const how = ["--variant=minbase", `--keyring=${DEBIAN_KEYRING}`, "--include=ca-certificates"];
  const words = [...apart, "debootstrap", ...how, SUITE, root, ...mirrors.archive.slice(0, 1)];
  await step(
    `debootstrap ${SUITE}`,
    $({ quiet: true, env: { ...process.env, LC_ALL: "C.UTF-8" } })`exec unshare ${words}`,
    log,
  );
  writeSources(root, SUITE, mirrors);
  copyNetworkSettings(root);
  await using machine = await Machine.start({ directory });
  const apt = `export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq install -y --no-install-recommends ${PACKAGES.join(" ")} && apt-get clean`;
  await step(`apt-get install ${PACKAGES.join(" ")}`, machine.run(["sh", "-c", apt], { directory: "/" }), log);
}

async function haveDebootstrap(logs: string): Promise<void> {
  const { exitCode } = await $({ quiet: true, nothrow: true })`command -v debootstrap`;
  if (exitCode === 0) return;
  const apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = $({ quiet: true, env })`${apt} update && ${apt} install -y --no-install-recommends debootstrap`;
  await step("apt-get install debootstrap", install, join(logs, "debian-root.log"));
}

/** Changes with all that decides what is in a root. */
function recipe(): string {
  const hash = createHash("sha256");
  for (const file of ["debian-root.ts", "network.ts"]) hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest("hex").slice(0, 12);
}

/** Removes old roots, and what runs left that were killed. Where a process has the number of one by now, that waits. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const pid = /^(?:run|building)-(\d+)$/.exec(name)?.[1];
    if (pid === undefined ? isOld(path) : !existsSync(`/proc/${pid}`)) removeMachine(path);
  }
}

/** Of a root, the directory that was written last. A copy that was to be kept stays. */
function isOld(path: string): boolean {
  const written = statSync(join(path, "etc/apt/sources.list.d"), { throwIfNoEntry: false })?.mtimeMs;
  return basename(path).startsWith(`${SUITE}-`) && written !== undefined && Date.now() - written > KEPT_DAYS * DAY_MS;
}
