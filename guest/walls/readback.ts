import { execFile } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";
import { type Mount, mountsOf } from "../../runtime/linux/mountinfo.ts";
import type { TaskLayer } from "../../runtime/protocol/layers.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { CPU_WEIGHT } from "./group.ts";
import { type Confinement, GIVEN_DIRECTORIES } from "./launch.ts";
import { childrenOf, descriptorsOf, rightsOf, sessionOf } from "./proc.ts";

/** One layer of a running process's walls, as the kernel tells it. */
export interface LayerState {
  layer: TaskLayer;
  holds: boolean;
  /** what the kernel said */
  seen: string;
}

/** Where something may be mounted in a task's view. */
const VIEW = new Set(
  [
    "",
    "usr",
    "etc",
    "etc/passwd",
    "etc/group",
    "proc",
    "dev",
    "dev/pts",
    "dev/shm",
    "tmp",
    "session",
    "home/task",
    "work",
  ].concat(
    ["outputs", "uploads", "task", "task/memory.events"],
    ["null", "zero", "full", "random", "urandom", "tty"].map((device) => `dev/${device}`),
    // Covered by bubblewrap, read-only, where a task could write.
    ["sys", "sysrq-trigger", "irq", "bus"].map((name) => `proc/${name}`),
  ),
);
/** What the first three descriptors of a task's process lead to: taskd speaks to it through them. */
const STREAM = /^(socket:|pipe:)/;
/** What the others may lead to. Sockets and the kernel's own files it opens itself, once it runs. */
const OWN_FILE =
  /^(pipe:|anon_inode:|\/memfd:|\/dev\/(null|u?random|ptmx|pts\/.*)$|\/(usr|etc|tmp|session|home\/task|work|outputs|uploads|task)(\/|$))/;
const OPENED = /^(socket:|\/proc\/|\/dev\/shm\/)/;
/** Names in the environment of a task's first process. */
const ENVIRONMENT = new Set(
  ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "PWD"].concat(
    ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  ),
);
const NAMESPACES = ["pid", "ipc", "uts", "net", "user"] as const;

/** The namespaces of taskd, which it never leaves. */
const MACHINES: Partial<Record<(typeof NAMESPACES)[number], string>> = {};
const MACHINES_SESSION = sessionOf(process.pid);

/**
 * What the kernel says about each layer around the processes of a sandbox, by the process id of its init. `runs`: its program does.
 * `nestedRefusal`: how the kernel refused a user namespace of its own; nothing that happens to the sandbox later can allow one.
 */
export async function readLayers(
  init: number,
  { directories, given, group, memoryBytes, network, owner, user }: Confinement,
  runs: boolean,
  nestedRefusal: string | undefined,
): Promise<LayerState[]> {
  const [child = init] = childrenOf(init);
  const rights = rightsOf(child);
  const mounts = mountsOf(child);
  const mount = (target: string) => mounts.findLast((one) => one.target === target);
  const strangers = mounts.map(({ target }) => target).filter((target) => !VIEW.has(target.slice(1)));
  const strange = GIVEN_DIRECTORIES.filter((name) => {
    const found = mount(name === "home" ? "/home/task" : `/${name}`);
    return found === undefined || !(given[name]?.(found) ?? directories[name].endsWith(found.root));
  });
  const aliens = [
    ...strangers,
    ...strange.map((name) => `/${name}`),
    ...mounts.filter((one) => !isTame(one)).map(({ target }) => target),
    // A task that could write there would tell its agent what it may do.
    ...mounts
      .filter(({ target, options }) => target === "/task" && !options.includes("ro"))
      .map(({ target }) => target),
  ];
  const descriptors = [...descriptorsOf(child)]
    .filter(([fd, target]) => !(fd <= 2 ? STREAM : OWN_FILE).test(target) && !(runs && OPENED.test(target)))
    .map(([fd, target]) => `${fd} -> ${target}`);
  const variables = readFileSync(`/proc/${child}/environ`, "latin1").split("\0").filter(Boolean);
  const foreign = variables.map((line) => line.split("=")[0] ?? "").filter((name) => !ENVIRONMENT.has(name));
  const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => rights[set] ?? "unknown");
  const ids = [...(rights["Uid"] ?? "").split("\t"), ...(rights["Gid"] ?? "").split("\t")];
  const tmpfs = ["/tmp", "/dev/shm", "/dev/pts"].map((target) => [target, bound(mount(target))] as const);
  const writable = ["/", "/dev"].filter((target) => !mount(target)?.options.includes("ro"));
  const uploads = mount("/uploads")?.options ?? [];
  const ownGroup = readFileSync(`/proc/${child}/cgroup`, "utf8").trim().replace("0::", "/sys/fs/cgroup");
  const session = sessionOf(child);
  const refusal = nestedRefusal ?? (await tryNestedUser(child, user));

  const found: Record<TaskLayer, [holds: boolean, seen: string]> = {
    view: [
      mounts.length > 0 && aliens.length === 0,
      aliens.length > 0 ? `not its own: ${aliens.slice(0, 5).join(" ")}` : `${mounts.length} mounts of its own`,
    ],
    ...(Object.fromEntries(NAMESPACES.map((name) => [name, ownNamespace(child, name)])) as Record<
      (typeof NAMESPACES)[number],
      [boolean, string]
    >),
    net: slotsNetwork(child, network.name),
    "nested-users": [
      refusal !== undefined,
      refusal ?? "a user namespace could be made in it, or it could not be asked",
    ],
    uid: [ids.length === 8 && ids.every((id) => id === `${owner}`), `uid and gid ${[...new Set(ids)].join(" ")}`],
    capabilities: [
      capabilities.every((set) => /^0+$/.test(set)) && rights["NoNewPrivs"] === "1",
      `sets ${[...new Set(capabilities)].join(" ")}, NoNewPrivs ${rights["NoNewPrivs"]}`,
    ],
    seccomp: [rights["Seccomp"] === "2", `mode ${rights["Seccomp"]}, ${rights["Seccomp_filters"]} filters`],
    memory: inGroup(ownGroup, group, "memory.max", memoryBytes),
    processes: inGroup(ownGroup, group, "pids.max", LIMITS.taskProcesses),
    cpu: inGroup(ownGroup, group, "cpu.weight", CPU_WEIGHT),
    tmpfs: [
      tmpfs.every(([, size]) => size !== undefined) && writable.length === 0,
      `${tmpfs.map(([target, size]) => `${target} ${size ?? "without a bound"}`).join(", ")}, writable: ${writable.join(" ") || "neither / nor /dev"}`,
    ],
    descriptors: [descriptors.length === 0, descriptors.slice(0, 5).join(" ") || "only its streams"],
    environment: [foreign.length === 0, foreign.slice(0, 5).join(" ") || `${variables.length} variables of its own`],
    session: [session !== MACHINES_SESSION, `session ${session}`],
    uploads: [uploads.includes("ro"), uploads.slice(0, 3).join(",") || "not mounted"],
  };
  return Object.entries(found).map(([layer, [holds, seen]]) => ({ layer: layer as TaskLayer, holds, seen }));
}

/** Tries to make a user namespace in that of a process, as its user; the kernel's refusal, where it is the limit that refuses. */
async function tryNestedUser(pid: number, user: number): Promise<string | undefined> {
  try {
    const inside = ["--user", `--target=${pid}`, `--setuid=${user}`, `--setgid=${user}`];
    await promisify(execFile)("nsenter", [...inside, "unshare", "--user", "true"]);
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    // Whatever else went wrong is no answer.
    return stderr?.includes("No space left on device") ? stderr.trim().slice(0, 200) : undefined;
  }
}

function ownNamespace(pid: number, name: (typeof NAMESPACES)[number]): [boolean, string] {
  const own = readlinkSync(`/proc/${pid}/ns/${name}`);
  MACHINES[name] ??= readlinkSync(`/proc/self/ns/${name}`);
  const machine = MACHINES[name];
  return [own !== machine, own === machine ? `${own}, which is the machine's` : `${own}`];
}

/** The namespace of its slot, in which there is no way but the loopback. */
function slotsNetwork(pid: number, slots: string): [boolean, string] {
  const [isOwn, seen] = ownNamespace(pid, "net");
  if (!isOwn || readlinkSync(`/proc/${pid}/ns/net`) !== slots) return [false, `${seen}, and its slot has ${slots}`];
  const devices = readFileSync(`/proc/${pid}/net/dev`, "utf8").matchAll(/^ *([^ :|]+):/gm);
  const names = [...devices].map(([, name]) => name);
  return [names.every((name) => name === "lo"), `${seen}, with ${names.join(" ") || "nothing"}`];
}

function inGroup(own: string, expected: string, file: string, bound: number): [boolean, string] {
  if (own !== expected) return [false, `its group is ${own}`];
  // Without its controller a group has no such file.
  const path = `${own}/${file}`;
  if (!existsSync(path)) return [false, `there is no ${file}`];
  const value = readFileSync(path, "utf8").trim();
  return value === `${bound}` ? [true, `${file} ${value}`] : [false, `${file} ${value}, and not ${bound}`];
}

/** Nothing that is mounted may make devices or other users out of files; `/dev/null` and its like are devices. */
function isTame({ target, options, type }: Mount): boolean {
  return options.includes("nosuid") && (options.includes("nodev") || type === "devtmpfs" || target === "/dev/pts");
}

function bound(mount: Mount | undefined): string | undefined {
  return mount?.superOptions.find((option) => /^(size|max)=/.test(option));
}
