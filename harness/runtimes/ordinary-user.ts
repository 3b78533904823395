import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { templateDirectory, templateKey } from "../../runtime/machine/template.ts";
import { findImage, type Image } from "../../runtime/state/image.ts";
import { findPlaces, REPOSITORY } from "../../runtime/state/places.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";
import { atExit } from "../host/at-exit.ts";
import { processStatus } from "../host/processes.ts";

/** Users that a run made and could not remove, because it was killed, end in the process id of that run. */
const NAME = /^(piwork-suite-(\d+)):/gm;

/** Where the checkout keeps its programs once they are compiled. */
const COMPILED = "node_modules/.cache/piwork";

/** Shows root's checkout and images to its ordinary user, read only, in a view of that user's own; then becomes that user. */
const LEND = `
set -e
mount --bind "$1" "$2/piwork"; mount -o remount,bind,ro "$2/piwork"
mount --bind "$2/compiled" "$2/piwork/${COMPILED}"
mount --bind "$3" "$2/.cache/piwork/images"; mount -o remount,bind,ro "$2/.cache/piwork/images"
cd "$2/piwork"
shift 3; exec "$@"`;

/** How a command ended, and all that it printed. */
export interface Ended {
  code: number | null;
  output: string;
}

/** An ordinary user of this host: who runs the suite, or one that is made for it by root, and removed. */
export class OrdinaryUser implements AsyncDisposable {
  readonly uid: number;
  /** a directory of this user's that nobody else may enter */
  readonly home: string;
  readonly checkout: string;
  readonly #enter: readonly string[];
  readonly #forget: () => void;
  readonly #remove: () => void;

  private constructor(uid: number, home: string, checkout: string, enter: readonly string[], remove: () => void) {
    [this.uid, this.home, this.checkout, this.#enter, this.#remove] = [uid, home, checkout, enter, remove];
    this.#forget = atExit(remove);
  }

  /**
   * Who runs the suite, with a home of its own; as root, a new user. To that one the checkout is lent together with the image; where it
   * is to be the user's own, both are copied.
   */
  static async open({ ownCheckout = false } = {}): Promise<OrdinaryUser> {
    if (process.getuid?.() === 0) return OrdinaryUser.#make(ownCheckout);
    const home = mkdtempSync(join(tmpdir(), "piwork-home-"));
    const { uid, username } = userInfo();
    const cache = `XDG_CACHE_HOME=${dirname(findPlaces().cache)}`;
    const enter = ["env", "-C", REPOSITORY, ...environmentOf(username, home), cache];
    return new OrdinaryUser(uid, home, REPOSITORY, enter, () => rmSync(home, { recursive: true, force: true }));
  }

  static async #make(ownCheckout: boolean): Promise<OrdinaryUser> {
    for (const [, left = "", pid = ""] of readFileSync("/etc/passwd", "utf8").matchAll(NAME))
      if (!existsSync(`/proc/${pid}`)) removeUser(left);
    const name = `piwork-suite-${process.pid}`;
    await $({ quiet: true })`useradd --create-home --shell /bin/bash ${name}`;
    try {
      const [, , uid = "", gid = "", , home = ""] = (await $({ quiet: true })`getent passwd ${name}`).stdout.split(":");
      chmodSync(home, 0o700);
      const checkout = join(home, "piwork");
      await copyWhatIsNeeded(home, checkout, ownCheckout);
      await $({ quiet: true })`chown --recursive ${`${uid}:${gid}`} ${home}`;
      const become = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups", ...environmentOf(name, home)];
      const lend = ["unshare", "--mount", "sh", "-c", LEND, "sh", REPOSITORY, home, join(findPlaces().cache, "images")];
      const enter = [...(ownCheckout ? ["env", "-C", checkout] : lend), ...become];
      return new OrdinaryUser(Number(uid), home, checkout, enter, () => removeUser(name));
    } catch (error) {
      removeUser(name);
      throw error;
    }
  }

  /** Runs a command as this user, in the checkout. */
  async run(words: readonly string[], onOutput: (text: string) => void = () => {}): Promise<Ended> {
    const running = $({ quiet: true, nothrow: true })`${[...this.#enter, ...words]}`;
    for (const stream of [running.stdout, running.stderr]) stream.on("data", (data) => onOutput(`${data}`));
    const { exitCode, stdall } = await running;
    return { code: exitCode, output: stdall };
  }

  /** Runs the `piwork` command. */
  piwork(...words: string[]): Promise<Ended> {
    return this.run([process.execPath, join(this.checkout, "runtime/cli/piwork.mjs"), ...words]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    this.#remove();
  }
}

function environmentOf(name: string, home: string): string[] {
  const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  return ["env", "-i", `HOME=${home}`, `USER=${name}`, `LOGNAME=${name}`, `PATH=${path}`];
}

async function copyWhatIsNeeded(home: string, checkout: string, ownCheckout: boolean): Promise<void> {
  const { cache } = findPlaces();
  const own = join(home, ".cache/piwork");
  mkdirSync(join(own, "images"), { recursive: true });
  mkdirSync(checkout);
  const image = findImage(cache, REPOSITORY);
  if (image === undefined) throw new Error("there is no image; 'piwork image build' builds it");
  // Not lent: root alone can read a template.
  for (const directory of templatesOf(image, cache)) {
    mkdirSync(join(own, "templates"), { recursive: true });
    await $({ quiet: true })`cp -r ${directory} ${join(own, "templates")}`;
  }
  const verdict = join(cache, "acceleration.json");
  if (existsSync(verdict)) copyFileSync(verdict, join(own, "acceleration.json"));
  if (!ownCheckout) {
    cpSync(join(REPOSITORY, COMPILED), join(home, "compiled"), { recursive: true });
    return;
  }
  await $({ quiet: true })`cp -r ${image.dir} ${join(own, "images")}`;
  const copy = "git ls-files -coz --exclude-standard | xargs -0 cp --parents --target-directory";
  await $({ quiet: true, cwd: REPOSITORY })`sh -c ${`${copy} "$1"`} sh ${checkout}`;
  await $({ quiet: true })`cp -a ${join(REPOSITORY, "node_modules")} ${checkout}`;
}

/** Of machines as suites have them while nobody attacks them. */
function templatesOf(image: Image, cache: string): string[] {
  const kind = { image, agent: "probe", unsafe: false, files: filesPath } as const;
  return (["kvm", "tcg"] as const)
    .map((accelerator) => templateDirectory(cache, templateKey({ ...kind, accelerator })))
    .filter((directory) => existsSync(directory));
}

/** Ends what still runs as this user, and removes the user with all that it had. */
function removeUser(name: string): void {
  const { stdout } = $.sync({ quiet: true, nothrow: true })`id --user ${name}`;
  const uid = Number(stdout);
  if (!Number.isInteger(uid) || uid === 0) return;
  for (let left = processesOf(uid); left.length > 0; left = processesOf(uid)) for (const pid of left) kill(pid);
  $.sync({ quiet: true, nothrow: true })`userdel --remove ${name}`;
  rmSync(join(tmpdir(), `piwork-${uid}`), { recursive: true, force: true });
}

/** Processes that run as a user, ended ones that nobody has waited for aside. */
export function processesOf(uid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const { Uid = "", State = "" } = processStatus(pid);
        return Number(Uid.split("\t")[0]) === uid && !State.startsWith("Z");
      } catch {
        return false; // it ended meanwhile
      }
    });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended meanwhile
  }
}
