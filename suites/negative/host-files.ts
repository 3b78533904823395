import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HonestCase, HostAttack, Places } from "../../harness/attacks/host.ts";

type Rest = Partial<HostAttack>;

/** The secret is read by its name. */
const preview = (id: string, tries: string, path: string | ((places: Places) => string), rest: Rest): HostAttack => ({
  ...{ id, tries, invariant: "R", oracle: "token", naive: "joined", ...rest },
  operation: (places) => ({ call: "preview", path: typeof path === "string" ? path : path(places) }),
});

const list = (id: string, tries: string, path: string | ((places: Places) => string), rest: Rest): HostAttack => ({
  ...{ id, tries, invariant: "M", oracle: "token", naive: "joined", ...rest },
  operation: (places) => ({ call: "list", path: typeof path === "string" ? path : path(places) }),
});

const bring = (
  id: string,
  tries: string,
  name: string | ((places: Places) => string),
  rest: Rest = {},
): HostAttack => ({
  ...{ id, tries, invariant: "W", oracle: "change", naive: "joined", ...rest },
  operation: (places) => ({ call: "import", name: typeof name === "string" ? name : name(places) }),
});

const bind = (
  id: string,
  tries: string,
  folder: string | ((places: Places) => string),
  rest: Rest = {},
): HostAttack => ({
  ...{ id, tries, invariant: "R", oracle: "token", naive: "joined", ...rest },
  operation: (places) => ({
    ...{ call: "bind", folder: typeof folder === "string" ? folder : folder(places) },
    shared: rest.oracle !== "accepted",
  }),
});

const find = (id: string, tries: string, task: string): HostAttack => ({
  ...{ id, tries, invariant: "A", oracle: "accepted", naive: "find" },
  operation: () => ({ call: "find", task }),
});

/** A person puts something beside the folders, and takes it away again. */
const beside =
  (name: string, make: (path: string, places: Places) => void) =>
  (places: Places): (() => void) => {
    const path = join(places.workspace, name);
    make(path, places);
    return () => rmSync(path, { recursive: true, force: true });
  };

const UP = "../".repeat(40);

/** Paths as text. */
const texts: readonly HostAttack[] = [
  preview("host-paths.dots", "names a neighbour with ..", "../other/secret.txt", {}),
  preview("host-paths.dots-inside", "hides the .. behind a directory that is there", "a/../../other/secret.txt", {
    plant: "mkdir a",
  }),
  preview("host-paths.out-and-in", "leaves the folder and comes back", "../own/../other/secret.txt", {}),
  preview("host-paths.many-dots", "climbs forty directories", ({ outside }) => `${UP}${outside}/secret.txt`, {}),
  preview("host-paths.absolute", "names an absolute path", ({ outside }) => `${outside}/secret.txt`, {}),
  preview(
    "host-paths.absolute-root",
    "names an absolute path in the workspace",
    ({ workspace }) => `${workspace}/root.txt`,
    {},
  ),
  preview("host-paths.same-beginning", "names a folder that begins the same", ({ own }) => `${own}2/secret.txt`, {
    naive: "prefix",
  }),
  preview("host-paths.relative-beginning", "reaches the folder that begins the same with ..", "../own2/secret.txt", {
    naive: "prefix",
  }),
  preview("host-paths.encoded", "encodes the dots", "%2e%2e/other/secret.txt", { naive: "decoded" }),
  preview("host-paths.encoded-slash", "encodes the slash", "..%2fother%2fsecret.txt", { naive: "decoded" }),
  preview("host-paths.backslashes", "writes backslashes", "..\\other\\secret.txt", { naive: "backslashes" }),
  preview("host-paths.cleaned", "writes dots that are left when dots are removed", "....//other/secret.txt", {
    naive: "cleaned",
  }),
  preview("host-paths.nul", "ends the path with a NUL", "../other/secret.txt\0.png", { naive: "cut" }),
  preview("host-paths.blanks", "puts blanks between the dots", ". ./other/secret.txt", { naive: "trimmed" }),
  preview("host-paths.newline", "puts a newline between the dots", ".\n./other/secret.txt", { naive: "trimmed" }),
  preview("host-paths.full-width", "writes full-width dots", "\uff0e\uff0e/other/secret.txt", { naive: "normalized" }),
  preview("host-paths.one-dot-leader", "writes leaders that become two dots", "\u2025/other/secret.txt", {
    naive: "normalized",
  }),
  preview("host-paths.home", "writes ~", "~/secret.txt", { naive: "home" }),
  preview("host-paths.variable", "writes $HOME", "$HOME/secret.txt", { naive: "home" }),
  preview("host-paths.url", "writes a file: URL", ({ outside }) => `file://${outside}/secret.txt`, { naive: "url" }),
  list("host-paths.list-dots", "lists a neighbour by a detour", "../own/../other", {}),
  list("host-paths.list-neighbour", "lists a neighbour", "../other", {}),
  list("host-paths.list-absolute", "lists an absolute path", ({ workspace }) => `${workspace}/other`, {}),
  {
    ...{
      id: "host-paths.list-uploads",
      tries: "climbs out of the uploads",
      invariant: "M",
      oracle: "token",
      naive: "joined",
    },
    operation: ({ workspace }) => ({ call: "list", area: "uploads", path: `${UP}${workspace}/other` }),
  },
  {
    ...{ id: "host-paths.preview-uploads", tries: "climbs from the uploads to a neighbour's file", invariant: "R" },
    ...{ oracle: "token", naive: "joined" },
    operation: ({ workspace }) => ({ call: "preview", area: "outputs", path: `${UP}${workspace}/other/secret.txt` }),
  },
];

/** Links that a task plants, or a person. */
const links: readonly HostAttack[] = [
  preview("host-links.final", "previews a link of a task to a neighbour's file", "l", {
    plant: "ln -s ../other/secret.txt l",
  }),
  preview("host-links.absolute", "previews a link of a task to a file outside", "l", {
    plant: "ln -s $OUTSIDE/secret.txt l",
  }),
  preview("host-links.intermediate", "previews a file below a link to a directory", "d/secret.txt", {
    plant: "ln -s ../other d",
    naive: "prefix",
  }),
  preview("host-links.dots-behind", "goes up behind a link", "d/../root.txt", {
    plant: "ln -s $WORKSPACE/own2 d",
    naive: "joined",
    dead: "path.join resolves the dots first; open() with the text as it is would get there",
  }),
  preview("host-links.chain", "previews a chain whose last link leaves", "a", {
    plant: "ln -s b a; ln -s c b; ln -s ../other/secret.txt c",
  }),
  preview("host-links.proc-root", "previews a link through /proc/self/root", "l", {
    plant: "ln -s /proc/self/root$OUTSIDE/secret.txt l",
  }),
  preview("host-links.proc-cwd", "previews a link through the working directory of the runtime", "l", {
    plant: "ln -s /proc/self/cwd/../../../../../../../..$OUTSIDE/secret.txt l",
  }),
  preview("host-links.proc-pid", "previews a link through the root of the first process", "l", {
    plant: "ln -s /proc/1/root$OUTSIDE/secret.txt l",
    dead: "the first process may have another root",
  }),
  preview("host-links.person", "previews a link that a person put there", "l", {
    prepare: ({ own, outside }) => symlinkSync(join(outside, "secret.txt"), join(own, "l")),
  }),
  preview("host-links.workspace", "previews a link into another folder of the same workspace", "l", {
    plant: "ln -s $WORKSPACE/other/deep/er/secret.txt l",
  }),
  list("host-links.list-final", "lists a link to a neighbour", "l", { plant: "ln -s ../other l" }),
  list("host-links.list-deep", "lists below a link", "l/other", { plant: "ln -s .. l" }),
  list("host-links.list-stat", "lists a directory with a link to a file whose size is a secret", "", {
    plant: "ln -s ../other/sized.txt l",
  }),
  list("host-links.list-time", "lists a directory with a link to a file whose time is a secret", "", {
    plant: "ln -s ../other/secret.txt l",
  }),
  list("host-links.slash", "lists a link with a slash behind it", "l/", { plant: "ln -s ../other l" }),
  list("host-links.beginnings", "lists a directory with links to files outside", "", {
    plant: "ln -s $OUTSIDE/secret.txt a; ln -s ../other/secret.txt b",
    naive: "beginnings",
  }),
  {
    ...{ id: "host-links.outputs", tries: "previews a link in the task's outputs", invariant: "R", oracle: "token" },
    ...{ naive: "joined", plant: "ln -sfn $OUTSIDE/secret.txt /outputs/l || ln -sfn $OUTSIDE/secret.txt l" },
    operation: () => ({ call: "preview", area: "outputs", path: "l" }),
  },
  {
    ...{ id: "host-links.import-through", tries: "imports over a link to a file outside", invariant: "W" },
    ...{ oracle: "change", naive: "joined" },
    prepare: ({ guest, outside }) => symlinkSync(join(outside, "secret.txt"), join(guest, "uploads/l")),
    operation: () => ({ call: "import", name: "l" }),
  },
  {
    ...{
      id: "host-links.import-dangling",
      tries: "imports over a link to a file that is not there yet",
      invariant: "W",
    },
    ...{ oracle: "change", naive: "joined" },
    prepare: ({ guest, outside }) => symlinkSync(join(outside, "made"), join(guest, "uploads/l")),
    operation: () => ({ call: "import", name: "l" }),
  },
  {
    ...{ id: "host-links.import-below", tries: "imports below a link to a directory", invariant: "W" },
    ...{ oracle: "change", naive: "joined" },
    prepare: ({ guest, outside }) => symlinkSync(outside, join(guest, "uploads/d")),
    operation: () => ({ call: "import", name: "d/made" }),
  },
  {
    ...{ id: "host-links.import-uploads", tries: "imports where the uploads are a link", invariant: "W" },
    ...{ oracle: "change", naive: "joined" },
    prepare({ guest, outside }) {
      renameSync(join(guest, "uploads"), join(guest, "uploads-kept"));
      symlinkSync(outside, join(guest, "uploads"));
      return () => {
        rmSync(join(guest, "uploads"), { recursive: true });
        renameSync(join(guest, "uploads-kept"), join(guest, "uploads"));
      };
    },
    operation: () => ({ call: "import", name: "made" }),
  },
];

/** A task cannot make pipes in its folder; a person can. */
const pipes =
  (...paths: string[]) =>
  ({ own }: Places): void => {
    mkdirSync(join(own, "d"));
    execFileSync(
      "mkfifo",
      paths.map((path) => join(own, path)),
    );
  };

/** What is no file, and what has no end. */
const special: readonly HostAttack[] = [
  preview("host-special.fifo", "previews a FIFO of a task", "p", {
    invariant: "L",
    oracle: "silence",
    prepare: pipes("p"),
  }),
  preview("host-special.link-to-fifo", "previews a link to a FIFO", "l", {
    ...{ invariant: "L", oracle: "silence", prepare: pipes("p"), plant: "ln -s p l" },
  }),
  preview("host-special.deep-fifo", "previews a FIFO below a directory", "d/p", {
    ...{ invariant: "L", oracle: "silence", prepare: pipes("d/p") },
  }),
  list("host-special.listing", "lists a directory with FIFOs", "", {
    ...{ invariant: "L", oracle: "silence", naive: "beginnings" },
    prepare: pipes("p1", "p2", "p3", "p4", "p5", "p6"),
  }),
  preview("host-special.endless", "previews a device that has no end", "l", {
    ...{ invariant: "Q", oracle: "excess", plant: "ln -s /dev/zero l" },
  }),
  preview("host-special.device", "previews a device that a person put there", "z", {
    ...{ invariant: "Q", oracle: "excess" },
    prepare: ({ own }) => void execFileSync("mknod", [join(own, "z"), "c", "1", "5"]),
  }),
  preview("host-special.terminal", "previews the terminal", "l", {
    ...{ invariant: "L", oracle: "silence", plant: "ln -s /dev/ptmx l" },
  }),
  preview("host-special.sparse", "previews a sparse file of 1 TiB", "huge", {
    ...{ invariant: "Q", oracle: "excess" },
    prepare({ own }) {
      writeFileSync(join(own, "huge"), "");
      truncateSync(join(own, "huge"), 2 ** 40);
    },
  }),
  preview("host-special.growing", "previews a file that grows while it is read", "log", {
    ...{ invariant: "Q", oracle: "excess" },
    plant: `head -c 1M /dev/zero >log
(for n in 1 2 3 4 5 6 7 8 9 10; do head -c 100k /dev/zero >>log; sleep 0.05; done) >/dev/null 2>&1 </dev/null &`,
  }),
];

/** Folders that a task must not get. */
const folders: readonly HostAttack[] = [
  bind("host-folders.dots", "wants a folder with ..", "../outside"),
  bind("host-folders.absolute", "wants an absolute folder outside", ({ outside }) => outside),
  bind("host-folders.absolute-dots", "wants an absolute folder with ..", ({ workspace }) => `${workspace}/../outside`),
  bind(
    "host-folders.same-beginning",
    "wants a folder beside the workspace that begins like it",
    ({ workspace }) => `${workspace}-2`,
    {
      naive: "prefix",
      prepare({ workspace, outside }) {
        execFileSync("cp", ["-r", outside, `${workspace}-2`]);
        return () => rmSync(`${workspace}-2`, { recursive: true });
      },
    },
  ),
  bind("host-folders.root", "wants the workspace itself", ".", { invariant: "A", oracle: "accepted" }),
  bind("host-folders.root-absolute", "wants the workspace itself by its path", ({ workspace }) => workspace, {
    invariant: "A",
    oracle: "accepted",
  }),
  bind("host-folders.link", "wants a link of a person to a directory outside", "link", {
    ...{ naive: "prefix", prepare: beside("link", (path, { outside }) => symlinkSync(outside, path)) },
  }),
  bind("host-folders.link-inside", "wants a link to another folder", "link", {
    ...{ naive: "realpath", prepare: beside("link", (path) => symlinkSync("other", path)) },
  }),
  bind("host-folders.planted", "wants a link that a task planted in its folder", "own/l", {
    ...{ naive: "prefix", plant: "ln -s $OUTSIDE l" },
  }),
  bind("host-folders.below-planted", "wants a directory below such a link", "own/l/er", {
    ...{ naive: "realpath", plant: "ln -s ../other/deep l" },
  }),
  bind("host-folders.file", "wants a link to the directory of a file", "own/f/..", {
    ...{ naive: "joined", plant: "ln -s $OUTSIDE f" },
    dead: "path.join resolves the dots first, and what is left is the attacker's own folder",
  }),
  bind("host-folders.proc", "wants a folder through /proc", ({ outside }) => `/proc/self/root${outside}`),
  bind("host-folders.nul", "wants a folder whose name ends at a NUL", "../outside\0x", { naive: "cut" }),
  bind("host-folders.encoded", "wants a folder with encoded dots", "%2e%2e/outside", { naive: "decoded" }),
  bind("host-folders.equal", "wants the folder of a task that runs", "other", { invariant: "A", oracle: "accepted" }),
  bind("host-folders.equal-slash", "wants it with a slash behind it", "other/", { invariant: "A", oracle: "accepted" }),
  bind("host-folders.nested", "wants a directory in the folder of a task that runs", "other/deep", {
    ...{ invariant: "A", oracle: "accepted" },
  }),
  bind("host-folders.around", "wants a folder that holds the folder of a task that runs", ".", {
    ...{ invariant: "A", oracle: "accepted" },
  }),
];

/** Ids and names. */
const names: readonly HostAttack[] = [
  find("host-ids.proto", "asks for the task __proto__", "__proto__"),
  find("host-ids.constructor", "asks for the task constructor", "constructor"),
  find("host-ids.to-string", "asks for the task toString", "toString"),
  find("host-ids.empty", "asks for a task without a name", ""),
  {
    ...{
      id: "host-ids.dots",
      tries: "names the directory of the tasks",
      invariant: "M",
      oracle: "token",
      naive: "tool",
    },
    operation: () => ({ call: "list", task: "..", path: "" }),
    dead: "the directory above holds no canary",
  },
  {
    ...{ id: "host-ids.option", tries: "names a task like an option", invariant: "M", oracle: "token", naive: "tool" },
    operation: () => ({ call: "list", task: "-la", path: "" }),
  },
  {
    ...{ id: "host-ids.dot", tries: "names a task '.'", invariant: "M", oracle: "token", naive: "tool" },
    operation: () => ({ call: "list", task: ".", path: "" }),
  },
  {
    ...{ id: "host-ids.traversal", tries: "names a task by a path", invariant: "R", oracle: "token", naive: "joined" },
    prepare({ outside }) {
      mkdirSync(join(outside, "guest"));
      symlinkSync(outside, join(outside, "guest/outputs"));
      return () => rmSync(join(outside, "guest"), { recursive: true });
    },
    operation: () => ({ call: "preview", task: "../../outside", path: "secret.txt" }),
  },
  bring("host-names.dots", "imports a file as ../session/x", "../session/x"),
  bring("host-names.encoded", "imports a file with a slash that was encoded", "../outputs/x"),
  bring(
    "host-names.absolute",
    "imports a file by an absolute path",
    ({ outside }) => `../../../../../${outside.split("/").at(-1)}/x`,
  ),
  bring("host-names.slash", "imports a file over a directory above", "../../x"),
  ...(
    [
      ["hidden", "a hidden name", ".profile"],
      ["newline", "a name with a newline", "a\nb"],
      ["return", "a name that writes over itself", "a\rb"],
      ["escape", "a name that speaks to terminals", "\u001b[2Jx"],
      ["option", "a name that is an option", "-rf"],
      ["right-to-left", "a name that is shown backwards", "invoice\u202efdp.sh"],
      ["isolate", "a name with an isolate", "a\u2066b\u2069"],
      ["zero-width", "a name with a character that nobody sees", "a\u200bb"],
      ["separator", "a name with a line separator", "a\u2028b"],
      ["too-long", "a name of 255 bytes", "n".repeat(255)],
    ] as const
  ).map(([id, what, name]) =>
    bring(`host-names.${id}`, `imports a file with ${what}`, name, { invariant: "A", oracle: "accepted" }),
  ),
  bring("host-names.existing", "imports a file over one that is there", "there.txt", {
    ...{ invariant: "W", oracle: "accepted" },
    prepare: ({ guest }) => writeFileSync(join(guest, "uploads/there.txt"), "kept"),
  }),
];

export const hostFiles: readonly HostAttack[] = [...texts, ...links, ...special, ...folders, ...names];

/** What is promised to honest people where attacks are refused. */
export const honestFiles: readonly HonestCase[] = [
  {
    id: "honest.two-dots",
    claim: "a directory that is honestly named ..foo is a directory",
    plant: "mkdir ..foo; echo honest >..foo/file",
    operation: () => ({ call: "preview", path: "..foo/file" }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.three-dots",
    claim: "so is one named ...",
    plant: "mkdir ...; echo honest >.../file",
    operation: () => ({ call: "preview", path: ".../file" }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.scripts",
    claim: "names in any script are names",
    plant: "mkdir 目录; echo honest >'目录/файл ملف 😀'",
    operation: () => ({ call: "preview", path: "目录/файл ملف 😀" }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.composed",
    claim: "a composed and a decomposed name are two files",
    plant: "printf one >$(printf 'e\\314\\201'); printf two >$(printf '\\303\\251')",
    operation: () => ({ call: "preview", path: "é".normalize("NFD") }),
    expected: { holds: "one" },
  },
  {
    id: "honest.percent",
    claim: "a percent sign is a percent sign",
    plant: "echo honest >'%2e%2e'; echo honest >'a\\b'",
    operation: () => ({ call: "preview", path: "%2e%2e" }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.backslash",
    claim: "a backslash is a backslash",
    plant: "echo honest >'a\\b'",
    operation: () => ({ call: "preview", path: "a\\b" }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.tilde",
    claim: "a file named ~ is a file",
    plant: "echo honest >'~'",
    operation: () => ({ call: "preview", path: "~" }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.longest-name",
    claim: "a name of 255 bytes is listed and read",
    plant: `echo honest >${"n".repeat(255)}`,
    operation: () => ({ call: "preview", path: "n".repeat(255) }),
    expected: { holds: "honest\n" },
  },
  {
    id: "honest.too-long-name",
    claim: "one of 256 bytes is refused with a code of the contract",
    operation: () => ({ call: "preview", path: "n".repeat(256) }),
    expected: { refused: "WORKSPACE_POLICY_VIOLATION" },
  },
  {
    id: "honest.not-text",
    claim: "a name that is no UTF-8 is listed with its bytes",
    plant: "touch $(printf 'a\\377b')",
    operation: () => ({ call: "list", path: "" }),
    expected: { holds: Buffer.from("a\xffb", "latin1").toString("base64") },
  },
  {
    id: "honest.link-inside",
    claim: "a link that stays inside is listed with where it leads",
    plant: "echo honest >file; ln -s file link",
    operation: () => ({ call: "list", path: "" }),
    expected: { holds: /"link".*"symlink".*"target":"file"/ },
  },
  {
    id: "honest.link-not-followed",
    claim: "and is not followed: a preview of it is refused",
    plant: "echo honest >file; ln -s file link",
    operation: () => ({ call: "preview", path: "link" }),
    expected: { refused: "WORKSPACE_POLICY_VIOLATION" },
  },
  {
    id: "honest.loop",
    claim: "links in a circle and links to nowhere are listed, and refused as files",
    plant: "ln -s a b; ln -s b a; ln -s nowhere c",
    operation: () => ({ call: "list", path: "" }),
    expected: { holds: /"target":"nowhere"/ },
  },
  {
    id: "honest.loop-preview",
    claim: "a link in a circle is refused, and nobody waits for it",
    plant: "ln -s a b; ln -s b a",
    operation: () => ({ call: "preview", path: "a" }),
    expected: { refused: "WORKSPACE_POLICY_VIOLATION" },
  },
  {
    id: "honest.pipes",
    claim: "FIFOs are listed as what they are",
    prepare: pipes("p"),
    operation: () => ({ call: "list", path: "" }),
    expected: { holds: /"p".*"fifo"/ },
  },
  {
    id: "honest.socket",
    claim: "a socket is listed as what it is",
    prepare: ({ own }) =>
      void execFileSync("perl", [
        "-e",
        "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack_sockaddr_un($ARGV[0])) or die",
        join(own, "s"),
      ]),
    operation: () => ({ call: "list", path: "" }),
    expected: { holds: /"s".*"socket"/ },
  },
  {
    id: "honest.socket-preview",
    claim: "and refused as a file",
    prepare: ({ own }) =>
      void execFileSync("perl", [
        "-e",
        "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack_sockaddr_un($ARGV[0])) or die",
        join(own, "s"),
      ]),
    operation: () => ({ call: "preview", path: "s" }),
    expected: { refused: "WORKSPACE_POLICY_VIOLATION" },
  },
  {
    id: "honest.trailing-slash",
    claim: "a slash behind a file is a malformed path",
    plant: "echo honest >file",
    operation: () => ({ call: "preview", path: "file/" }),
    expected: { refused: "INVALID_REQUEST" },
  },
  {
    id: "honest.hard-link",
    claim: "a hard link that a person put into the folder is a file of the folder: no wall can tell it from one",
    prepare: ({ own, outside }) => linkSync(join(outside, "secret.txt"), join(own, "h")),
    operation: () => ({ call: "preview", path: "h" }),
    expected: { holds: /^[0-9a-f]{16}\n$/ },
  },
  {
    id: "honest.unreadable",
    claim: "a directory without any right is shown to root, and refused cleanly to everybody else",
    plant: "mkdir d; echo honest >d/f; chmod 0 d",
    operation: () => ({ call: "preview", path: "d/f" }),
    expected: process.getuid?.() === 0 ? { holds: "honest\n" } : { refused: "WORKSPACE_POLICY_VIOLATION" },
  },
  {
    id: "honest.import",
    claim: "a name in any script is imported as it is",
    operation: () => ({ call: "import", name: "报告 ведомость ملف.txt" }),
    expected: { holds: "报告 ведомость ملف.txt" },
  },
  {
    id: "honest.import-dots",
    claim: "so is a name with dots in it",
    operation: () => ({ call: "import", name: "a..b...c" }),
    expected: { holds: "a..b...c" },
  },
  {
    id: "honest.folder",
    claim: "a folder with blanks, dots and percent signs in its name is a folder",
    prepare: beside("my %2e ..folder", (path) => mkdirSync(path)),
    operation: () => ({ call: "bind", folder: "my %2e ..folder" }),
    expected: { holds: "total" },
  },
];
