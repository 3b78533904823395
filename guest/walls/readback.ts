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
const BOUNDS = ["memory.max", "pids.max", "cpu.weight"] as const;
/** What bounds the memory in which a task can make files, and its terminals, as the kernel says it. */
const SIZES = {
  "/tmp": `size=${LIMITS.tmpBytes / 1024}k`,
  "/dev/shm": `size=${LIMITS.shmBytes / 1024}k`,
  "/dev/pts": `max=${LIMITS.taskTerminals}`,
};

/** The namespaces of taskd, which it never leaves. */
const MACHINES: Partial<Record<(typeof NAMESPACES)[number], string>> = {};
const MACHINES_SESSION = sessionOf(process.pid);

/** What the kernel says of the program of a sandbox, and of its control group. */
export interface Seen {
  rights: Record<string, string>;
  mounts: readonly Mount[];
  descriptors: ReadonlyMap<number, string>;
  /** names in its environment */
  variables: readonly string[];
  namespaces: Readonly<Record<(typeof NAMESPACES)[number], string>>;
  /** names of the devices of its network */
  devices: readonly string[];
  session: string;
  /** its control group, and the files that bound it; without its controller a group has no such file */
  group: string;
  bounds: Partial<Record<(typeof BOUNDS)[number], string>>;
  /** how the kernel refuses a user namespace of its own */
  nestedRefusal: string | undefined;
}

/**
 * What the kernel says about each layer around the processes of a sandbox, by the process id of its init. `runs`: its program does.
 * `nestedRefusal`: how the kernel refused a user namespace of its own; nothing that happens to the sandbox later can allow one.
 */
export async function readLayers(
  init: number,
  confinement: Confinement,
  runs: boolean,
  nestedRefusal: string | undefined,
): Promise<LayerState[]> {
  const [child = init] = childrenOf(init);
  for (const name of NAMESPACES) MACHINES[name] ??= readlinkSync(`/proc/self/ns/${name}`);
  const group = readFileSync(`/proc/${child}/cgroup`, "utf8").trim().replace("0::", "/sys/fs/cgroup");
  const bounds = BOUNDS.filter((file) => existsSync(`${group}/${file}`));
  const seen: Seen = {
    rights: rightsOf(child),
    mounts: mountsOf(child),
    descriptors: descriptorsOf(child),
    variables: readFileSync(`/proc/${child}/environ`, "latin1")
      .split("\0")
      .filter(Boolean)
      .map((line) => line.split("=")[0] ?? ""),
    namespaces: Object.fromEntries(
      NAMESPACES.map((name) => [name, readlinkSync(`/proc/${child}/ns/${name}`)]),
    ) as Seen["namespaces"],
    devices: [...readFileSync(`/proc/${child}/net/dev`, "utf8").matchAll(/^ *([^ :|]+):/gm)].map(
      ([, name = ""]) => name,
    ),
    session: sessionOf(child),
    group,
    bounds: Object.fromEntries(bounds.map((file) => [file, readFileSync(`${group}/${file}`, "utf8").trim()])),
    nestedRefusal: nestedRefusal ?? (await tryNestedUser(child, confinement.user)),
  };
  return judgeLayers(seen, confinement, runs, { namespaces: MACHINES, session: MACHINES_SESSION });
}

/** Which layers hold, by what the kernel says; `machine` has what belongs to taskd. */
export function judgeLayers(
  seen: Seen,
  { directories, given, group, memoryBytes, network, owner }: Omit<Confinement, "user" | "accounts">,
  runs: boolean,
  machine: { namespaces: Partial<Seen["namespaces"]>; session: string },
): LayerState[] {
  const { rights, mounts, variables, session } = seen;
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
  const descriptors = [...seen.descriptors]
    .filter(([fd, target]) => !(fd <= 2 ? STREAM : OWN_FILE).test(target) && !(runs && OPENED.test(target)))
    .map(([fd, target]) => `${fd} -> ${target}`);
  const foreign = variables.filter((name) => !ENVIRONMENT.has(name));
  const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => rights[set] ?? "unknown");
  const ids = [...(rights["Uid"] ?? "").split("\t"), ...(rights["Gid"] ?? "").split("\t")];
  const unbounded = Object.entries(SIZES).filter(([target, size]) => !mount(target)?.superOptions.includes(size));
  const writable = ["/", "/dev"].filter((target) => !mount(target)?.options.includes("ro"));
  const uploads = mount("/uploads")?.options ?? [];
  const ownNamespace = (name: (typeof NAMESPACES)[number]): [boolean, string] => {
    const own = seen.namespaces[name];
    return own === machine.namespaces[name] ? [false, `${own}, which is the machine's`] : [true, own];
  };
  const inGroup = (file: (typeof BOUNDS)[number], bound: number): [boolean, string] => {
    if (seen.group !== group) return [false, `its group is ${seen.group}`];
    const value = seen.bounds[file];
    if (value === undefined) return [false, `there is no ${file}`];
    return value === `${bound}` ? [true, `${file} ${value}`] : [false, `${file} ${value}, and not ${bound}`];
  };

  const found: Record<TaskLayer, [holds: boolean, seen: string]> = {
    view: [
      mounts.length > 0 && aliens.length === 0,
      aliens.length > 0 ? `not its own: ${aliens.slice(0, 5).join(" ")}` : `${mounts.length} mounts of its own`,
    ],
    pid: ownNamespace("pid"),
    ipc: ownNamespace("ipc"),
    uts: ownNamespace("uts"),
    net: slotsNetwork(ownNamespace("net"), seen, network.name),
    user: ownNamespace("user"),
    "nested-users": [
      seen.nestedRefusal !== undefined,
      seen.nestedRefusal ?? "a user namespace could be made in it, or it could not be asked",
    ],
    uid: [ids.length === 8 && ids.every((id) => id === `${owner}`), `uid and gid ${[...new Set(ids)].join(" ")}`],
    capabilities: [
      capabilities.every((set) => /^0+$/.test(set)) && rights["NoNewPrivs"] === "1",
      `sets ${[...new Set(capabilities)].join(" ")}, NoNewPrivs ${rights["NoNewPrivs"]}`,
    ],
    seccomp: [rights["Seccomp"] === "2", `mode ${rights["Seccomp"]}, ${rights["Seccomp_filters"]} filters`],
    memory: inGroup("memory.max", memoryBytes),
    processes: inGroup("pids.max", LIMITS.taskProcesses),
    cpu: inGroup("cpu.weight", CPU_WEIGHT),
    tmpfs: [
      unbounded.length === 0 && writable.length === 0,
      `${Object.keys(SIZES)
        .map((target) => `${target} ${bound(mount(target)) ?? "without a bound"}`)
        .join(", ")}, writable: ${writable.join(" ") || "neither / nor /dev"}`,
    ],
    descriptors: [descriptors.length === 0, descriptors.slice(0, 5).join(" ") || "only its streams"],
    environment: [foreign.length === 0, foreign.slice(0, 5).join(" ") || `${variables.length} variables of its own`],
    session: [session !== machine.session, `session ${session}`],
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

/** The namespace of its slot, in which there is no way but the loopback. */
function slotsNetwork([isOwn, own]: [boolean, string], { devices }: Seen, slots: string): [boolean, string] {
  if (!isOwn || own !== slots) return [false, `${own}, and its slot has ${slots}`];
  return [devices.every((name) => name === "lo"), `${own}, with ${devices.join(" ") || "nothing"}`];
}

/** Nothing that is mounted may make devices or other users out of files; `/dev/null` and its like are devices. */
function isTame({ target, options, type }: Mount): boolean {
  return options.includes("nosuid") && (options.includes("nodev") || type === "devtmpfs" || target === "/dev/pts");
}

function bound(mount: Mount | undefined): string | undefined {
  return mount?.superOptions.find((option) => /^(size|max)=/.test(option));
}
