import { agent } from "../../../harness/attacks/attack.ts";
import { besideOthers, inOwnFolder, SET_ATTRIBUTE } from "./scripts.ts";

/**
 * Swaps a directory `d` and a link to another's folder while `attempt` goes through `d`, and fails where that was not often
 * enough. A task's own kernel follows the link to nowhere, as nothing else is mounted for the task. What could be fooled is QEMU's file
 * server, to which the kernel names what was a directory a moment ago.
 */
const racing = (attempt: string) => `perl -e '
mkdir "d"; open(F, ">", "d/secret.txt"); close F; symlink("../other", "l");
if (!($child = fork)) {
  $SIG{TERM} = sub { $over = 1 };
  until ($over) { rename("d", "e") && rename("l", "d") && rename("d", "l") && rename("e", "d") and $swaps++ }
  open(N, ">", "swaps"); print N $swaps; exit }
for ($end = time + 4; time < $end; $tries++) { ${attempt} }
kill TERM => $child; waitpid $child, 0; open(N, "<", "swaps"); $swaps = <N>;
print "\\n$swaps swaps, $tries attempts\\n"; exit($swaps < ${LEAST_SWAPS} || $tries < ${LEAST_ATTEMPTS})'`;
const LEAST_SWAPS = 20;
const LEAST_ATTEMPTS = 50;

/** Links that a task makes, and follows itself. */
export const symlinks = [
  ...agent("symlinks", "token", [
    ["final", "reads through a link to a file outside", "ln -s ../other/secret.txt l; cat l", { essential: true }],
    [
      "intermediate",
      "reads through a link to a directory outside",
      "ln -s ../other l; cat l/secret.txt",
      { essential: true },
    ],
    ["absolute", "reads through an absolute link", "ln -s /run/piwork/workspace/other l; cat l/secret.txt"],
    [
      "chain",
      "reads through a chain of which only the last link leaves",
      "ln -s c b; ln -s b a; ln -s ../other/secret.txt c; cat a",
      { essential: true },
    ],
    [
      "proc-root",
      "makes a link to the root that a process sees",
      "ln -s /proc/self/root l; cat l/run/piwork/workspace/other/secret.txt",
      { essential: true },
    ],
    [
      "proc-descriptor",
      "makes a link to a descriptor's directory",
      "exec 3<..; ln -s /proc/self/fd/3 l; cat l/other/secret.txt",
    ],
    ["proc-cwd", "makes a link to its working directory", "ln -s /proc/self/cwd l; cat l/../other/secret.txt"],
    ["copied", "copies what a link leads to", "ln -s ../other l; cp -rL l copy"],
    [
      "git",
      "lets git follow a link",
      "git init -q; ln -s ../other l; git --no-pager diff --no-index /dev/null l/secret.txt",
      { essential: true },
    ],
    [
      "race",
      "swaps a directory for a link while it reads",
      racing('open(F, "<", "d/secret.txt") and print <F>'),
      { counts: true },
    ],
  ]).map(inOwnFolder),
  ...agent("symlinks", "change", [
    [
      "write-through",
      "writes through a link to a file outside",
      "ln -s ../other/secret.txt l; echo x >>l",
      { essential: true },
    ],
    ["create-through", "creates a file through a dangling link", "ln -s ../other/new l; echo x >l"],
    ["make-below", "makes a directory below a link", "ln -s ../other l; mkdir l/new"],
    ["rename-through", "moves a file out through a link", "ln -s ../other l; echo x >f; mv f l/f", { essential: true }],
    ["remove-through", "removes what is behind a link", "ln -s ../other l; rm -r l/"],
    ["delete-below", "removes a file below a link", "ln -s ../other l; rm l/secret.txt"],
    ["mode-through", "changes a mode through a link", "ln -s ../other/secret.txt l; chmod 600 l", { essential: true }],
    ["time-through", "changes a time through a link", "ln -s ../other/secret.txt l; touch -d @1 l"],
    ["truncate-through", "empties a file through a link", "ln -s ../other/secret.txt l; : >l"],
    ["attribute-through", "sets an attribute through a link", `ln -s ../other/secret.txt l; ${SET_ATTRIBUTE} l`],
    [
      "tar-through",
      "unpacks through a link",
      "mkdir d; echo x >d/f; tar cf a.tar d; rm -r d; ln -s ../other d; tar --keep-directory-symlink -xf a.tar",
    ],
    [
      "owner-through",
      // Of the machine: in a share, QEMU's user namespace knows one owner, whom nobody can change.
      "changes an owner through a link",
      "ln -s /proc/1/root/tmp/secret l; chown 12345:12345 l",
      { oracle: "guest-change" },
    ],
    [
      "race-create",
      "swaps a directory for a link while it makes files there",
      racing('open(F, ">", "d/n$tries")'),
      { counts: true },
    ],
    ["listing-through", "looks at a link's directory", "ln -s ../other l; ls l/", { oracle: "token" }],
  ]).map(inOwnFolder),
  ...agent("symlinks", "change", [
    [
      "race-rename",
      "swaps a directory for a link while it moves files there",
      racing('open(F, ">", "f"); close F; rename("f", "d/f$tries")'),
      { counts: true },
    ],
  ]).map(besideOthers),
];
