import { linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { ScenePlaces } from "../../../harness/attacks/attack.ts";
import type { HonestCase } from "../../../harness/attacks/host.ts";
import { beside, pipes } from "./scenes.ts";

/** A task cannot make a socket in its folder; a person can. */
const socket =
  (path: string) =>
  ({ own }: ScenePlaces): void => {
    const program = "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack_sockaddr_un($ARGV[0])) or die";
    $.sync`perl -e ${program} ${join(own, path)}`;
  };

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
    prepare: socket("s"),
    operation: () => ({ call: "list", path: "" }),
    expected: { holds: /"s".*"socket"/ },
  },
  {
    id: "honest.socket-preview",
    claim: "and refused as a file",
    prepare: socket("s"),
    operation: () => ({ call: "preview", path: "s" }),
    expected: { refused: "WORKSPACE_POLICY_VIOLATION" },
  },
  {
    id: "honest.socket-below",
    claim: "so is a path below one",
    prepare: socket("s"),
    operation: () => ({ call: "preview", path: "s/secret.txt" }),
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
