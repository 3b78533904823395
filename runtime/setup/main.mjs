// Set-up that is nobody's problem: brings what is missing, then runs the program it was given.
// Plain JavaScript without packages, because it runs before there are any.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tryLock, waitForLock } from "../linux/flock.mjs";

const REPOSITORY = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Hash of the lock file that node_modules was installed from. */
const STAMP = join(REPOSITORY, "node_modules/.piwork-lock");
const OLDEST_NODE = [20, 19];
/** The help of `piwork up`, which must be known before there are packages. */
const UP_HELP = readFileSync(new URL("up-help.txt", import.meta.url), "utf8");
/** Packages of Debian that the runtime, the image build and the suites use. The suites' browser comes with the npm packages. */
const DEBIAN_PACKAGES = ["qemu-system-x86", "bubblewrap", "erofs-utils", "xz-utils"];
/** Only for the suites: programs that a small Debian lacks. Perl, flock and mount, which the runtime uses too, are part of every Debian. */
const SUITE_PACKAGES = ["git", "libcap2-bin", "procps"];

const say = (words) => process.stderr.write(`piwork: ${words}\n`);

/** Ends with one sentence; 2 says that nothing here can work, 1 that something went wrong. */
function giveUp(words, code) {
  say(words);
  process.exit(code);
}

function refuseUnsupported() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const oldNode = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (process.platform !== "linux" || process.arch !== "x64")
    giveUp(`this runs on Linux on x86-64 only; this is ${process.platform} on ${process.arch}.`, 2);
  if (oldNode) giveUp(`Node ${OLDEST_NODE.join(".")} or newer is needed; this is ${process.versions.node}.`, 2);
  // Looked up, not run: this comes before every start.
  if (!findProgram("apt-get")) giveUp("Debian's package client apt-get is needed for set-up, and it is not here.", 2);
}

/** A misspelt option is refused now, not after minutes of set-up; `piwork up` itself checks the rest. */
function refuseUnknownOption() {
  const known = UP_HELP.split(/[\s,]+/);
  const unknown = words.find((word) => word.startsWith("--") && !known.includes(word.split("=")[0]));
  if (unknown !== undefined) giveUp(`'${unknown}' is not known; 'npm start -- --help' shows what there is.`, 2);
}

function findProgram(name) {
  return (process.env.PATH ?? "").split(":").some((directory) => directory !== "" && existsSync(join(directory, name)));
}

/** Brings what is missing; what another set-up brings meanwhile is not missing any more. */
async function install() {
  if (missingPackages().length === 0 && hasNodePackages()) return;
  const endTurn = await takeTurn().catch((error) =>
    giveUp(`another set-up cannot be kept out of this checkout: ${error.message}.`, 1),
  );
  await installDebianPackages();
  await installNodePackages();
  endTurn();
}

/**
 * Waits until no other set-up works in this checkout: two would remove each other's packages. What it returns lets the next one
 * in. Throws where locking is impossible.
 */
async function takeTurn() {
  mkdirSync(join(REPOSITORY, "tmp"), { recursive: true });
  const fd = openSync(join(REPOSITORY, "tmp/setup.lock"), "a");
  if (!tryLock(fd)) {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const ticking = setInterval(() => say(`still waiting: ${seconds()} s so far`), 10_000);
    say("another set-up works in this checkout; waiting for it …");
    await waitForLock(fd);
    clearInterval(ticking);
  }
  return () => closeSync(fd);
}

async function installDebianPackages() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  say(`Debian packages to install: ${missing.join(" ")}`);
  const isRoot = process.getuid() === 0;
  if (!isRoot && !findProgram("sudo")) {
    giveUp(
      `they need root, and there is no sudo. As root: apt-get install --no-install-recommends ${missing.join(" ")}`,
      1,
    );
  }
  const asRoot = (words) => (isRoot ? words : ["sudo", ...words]);
  const aptGet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"];
  await step("apt-get update", asRoot([...aptGet, "update"]));
  await step("apt-get install", asRoot([...aptGet, "install", "-y", "--no-install-recommends", ...missing]));
  const still = missingPackages();
  if (still.length > 0) giveUp(`apt-get said it worked, but these packages are not installed: ${still.join(" ")}`, 1);
}

function missingPackages() {
  const needed = isStart ? DEBIAN_PACKAGES : [...DEBIAN_PACKAGES, ...SUITE_PACKAGES];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  const asked = ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...needed];
  const installed = spawnSync("dpkg-query", asked, { encoding: "utf8" }).stdout.split("\n");
  return needed.filter((name) => !installed.includes(`${name} installed`));
}

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(REPOSITORY, "package-lock.json")))
    .digest("hex");
}

function hasNodePackages() {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === lockHash();
}

async function installNodePackages() {
  if (hasNodePackages()) return;
  const lock = lockHash();
  await step("npm ci", ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(STAMP, lock);
}

/** Runs one long step: what it is at once, that it goes on every ten seconds, its words only where it fails. */
async function step(name, words) {
  say(`${name} …`);
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const ticking = setInterval(() => say(`${name}: ${seconds()} s so far`), 10_000);
  // A Ctrl-C reaches the child by itself. It is waited for: a package client that is left behind would collide with the next.
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    say(`${name}: stopping once it has put its things away`);
  };
  process.on("SIGINT", interrupt);
  const { code, output } = await runQuietly(words);
  process.off("SIGINT", interrupt);
  clearInterval(ticking);
  if (interrupted) process.exit(130);
  if (code !== 0) {
    process.stderr.write(output);
    giveUp(
      `${name} failed; its words are above. Nothing after it was done; run the same command again once it is mended.`,
      1,
    );
  }
  say(`${name}: done in ${seconds()} s`);
}

function runQuietly(words) {
  return new Promise((resolve) => {
    // sudo asks for its password on the terminal itself.
    const child = spawn(words[0], words.slice(1), { cwd: REPOSITORY, stdio: ["inherit", "pipe", "pipe"] });
    let output = "";
    const keep = (data) => {
      output = (output + data).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 1, output: `${error.message}\n` }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** Hands over to the program: its signals are those of the terminal, its exit code is ours. */
function run(words) {
  const child = spawn(process.execPath, words, { cwd: REPOSITORY, stdio: "inherit" });
  // A Ctrl-C reaches the child by itself; what is sent to this process alone is passed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("close", (code, signal) => {
    if (signal === "SIGKILL")
      process.stderr.write("piwork: it was killed; what it kept is there when it starts again\n");
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}

const words = process.argv.slice(2);
const isStart = words[0] === "runtime/cli/piwork.mjs";
const asksForHelp = words.some((word) => word === "--help" || word === "-h");
if (asksForHelp && !existsSync(STAMP)) {
  process.stdout.write(UP_HELP);
  process.exit(0);
}
if (!asksForHelp) {
  if (isStart) refuseUnknownOption();
  refuseUnsupported();
  await install();
}
if (words.length > 0) run(words);
else run(["runtime/cli/piwork.mjs", "image", "build"]);
