import { accessSync, constants, existsSync } from "node:fs";
import type { Command } from "commander";
import { execa } from "execa";
import { whatForbidsUserNamespaces } from "../../linux/user-namespaces.ts";
import { rememberedVerdict } from "../../machine/acceleration.ts";
import { QEMU } from "../../machine/hypervisor.ts";
import { findImage } from "../../state/image.ts";
import { findPlaces, type PlaceOptions, type Places, REPOSITORY } from "../../state/places.ts";
import { isNewEnough, OLDEST_NODE } from "../../state/version.ts";
import { report } from "../attach.ts";
import { table } from "../table.ts";

interface Finding {
  what: string;
  verdict: "ok" | "note" | "missing";
  words: string;
}

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("look at this machine: what is there, what is missing, what would run the virtual machine and why")
    .option("--json", "print the findings for programs")
    .action(async (options: { json?: boolean }, command: Command) => {
      const findings = await examine(findPlaces(command.optsWithGlobals<PlaceOptions>()));
      report(findings, options, () =>
        table(findings.map(({ what, verdict, words }) => [verdict === "ok" ? "ok     " : verdict, what, words])),
      );
      if (findings.some(({ verdict }) => verdict === "missing")) process.exitCode = 1;
    });
}

async function examine(places: Places): Promise<Finding[]> {
  return [
    system(),
    nodeItself(),
    await program("QEMU", QEMU, ["--version"], "qemu-system-x86"),
    await program("bubblewrap", "bwrap", ["--version"], "bubblewrap"),
    await program("erofs", "mkfs.erofs", ["--help"], "erofs-utils"),
    await userNamespaces(),
    user(),
    await acceleration(places),
    image(places),
  ];
}

function system(): Finding {
  const { platform, arch } = process;
  const verdict = platform === "linux" && arch === "x64" ? "ok" : "missing";
  return { what: "system", verdict, words: `${platform} ${arch}` };
}

function nodeItself(): Finding {
  const { node } = process.versions;
  if (isNewEnough(node)) return { what: "Node", verdict: "ok", words: node };
  return { what: "Node", verdict: "missing", words: `${node} is too old; ${OLDEST_NODE} or newer is needed` };
}

async function program(what: string, file: string, words: string[], debian: string): Promise<Finding> {
  const { stdout, stderr, failed, code } = await execa(file, words, { reject: false });
  if (failed && code === "ENOENT")
    return { what, verdict: "missing", words: `'npm run setup' installs it (Debian package ${debian})` };
  // mkfs.erofs knows no way to ask for its version.
  const firstLine = `${stdout || stderr}`.split("\n")[0] ?? "";
  return { what, verdict: "ok", words: firstLine.startsWith("usage") ? "is there" : firstLine };
}

/** The walls around QEMU need them; some hosts forbid them. */
async function userNamespaces(): Promise<Finding> {
  const { failed, stderr, code } = await execa(
    "bwrap",
    ["--unshare-all", "--uid", "20001", "--cap-drop", "ALL", "--ro-bind", "/", "/", "true"],
    { reject: false },
  );
  if (!failed) {
    const words = "bubblewrap can build the walls around QEMU (user, mount, pid, network namespaces)";
    return { what: "walls", verdict: "ok", words };
  }
  const why = code === "ENOENT" ? "bubblewrap is not installed" : stderr.trim();
  const remedy = whatForbidsUserNamespaces() || "allow user namespaces to ordinary users";
  return { what: "walls", verdict: "missing", words: `the walls around QEMU cannot be built (${why}); ${remedy}` };
}

/** What differs by who runs it; everything else is the same for root and for an ordinary user. */
function user(): Finding {
  const words =
    process.getuid?.() === 0
      ? "root; an ordinary user can do the same, and whoever breaks out of a machine then has less"
      : "an ordinary user; only root can use a folder with other file systems mounted in it, install Debian packages, and run the checks of the suites that need device nodes, raw sockets or a small disk (they are skipped, and counted)";
  return { what: "user", verdict: "ok", words };
}

async function acceleration(places: Places): Promise<Finding> {
  if (!existsSync("/dev/kvm")) return emulation("/dev/kvm is not there");
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return emulation("/dev/kvm may not be used by this user; as root: adduser USER kvm, then log in again");
  }
  const remembered = existsSync(QEMU) ? await rememberedVerdict(places.cache) : undefined;
  if (remembered === undefined) {
    const words = "/dev/kvm is there; whether it works is tried at the first 'piwork up'";
    return { what: "acceleration", verdict: "note", words };
  }
  if (!remembered.works) return emulation(remembered.why);
  return { what: "acceleration", verdict: "ok", words: `kvm: ${remembered.why}` };
}

function emulation(why: string): Finding {
  const words = `software emulation (tcg): ${why}. It works, slower; QEMU's project gives no security guarantee without hardware virtualisation`;
  return { what: "acceleration", verdict: "note", words };
}

function image(places: Places): Finding {
  const found = findImage(places.cache, REPOSITORY);
  if (found === undefined) {
    const words = "'piwork image build' builds it; so does the first 'piwork up'";
    return { what: "image", verdict: "missing", words };
  }
  const { kernel, node, inputs } = found.manifest;
  const words = `${inputs.slice(0, 16)}, Linux ${kernel.release}, Node ${node.version}`;
  return { what: "image", verdict: "ok", words };
}
