import { agent } from "./agent.ts";

/** Links that a task makes, and follows itself. */
export const symlinks = [
  ...agent("symlinks", "R", [
    ["final", "reads through a link to a file outside", "ln -s ../other/secret.txt l; cat l"],
    ["intermediate", "reads through a link to a directory outside", "ln -s ../other l; cat l/secret.txt"],
    ["absolute", "reads through an absolute link", "ln -s /run/piwork/workspace/other l; cat l/secret.txt"],
    [
      "chain",
      "reads through a chain of which only the last link leaves",
      "ln -s c b; ln -s b a; ln -s ../other/secret.txt c; cat a",
    ],
    [
      "proc-root",
      "makes a link to the root that a process sees",
      "ln -s /proc/self/root l; cat l/run/piwork/workspace/other/secret.txt",
    ],
    [
      "proc-descriptor",
      "makes a link to a descriptor's directory",
      "exec 3<..; ln -s /proc/self/fd/3 l; cat l/other/secret.txt",
    ],
    ["proc-cwd", "makes a link to its working directory", "ln -s /proc/$$/cwd l; cat l/../other/secret.txt"],
    ["copied", "copies what a link leads to", "ln -s ../other l; cp -rL l copy"],
    [
      "git",
      "lets git follow a link",
      "git init -q; ln -s ../other l; git --no-pager diff --no-index /dev/null l/secret.txt",
    ],
    [
      "race",
      "swaps a directory for a link while it reads",
      "mkdir d; echo no >d/secret.txt; for i in 1 2 3 4 5 6; do mv d e; ln -s ../other d; cat d/secret.txt; rm d; mv e d; done",
    ],
    [
      "exchange",
      "lets the kernel exchange a directory and a link",
      "mkdir d; ln -s ../other l; perl -e 'syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2)' d l || { rmdir d; mv l d; }; cat d/secret.txt || cat l/secret.txt",
    ],
  ]),
  ...agent("symlinks", "W", [
    ["write-through", "writes through a link to a file outside", "ln -s ../other/secret.txt l; echo x >>l"],
    ["create-through", "creates a file through a dangling link", "ln -s ../other/new l; echo x >l"],
    ["make-below", "makes a directory below a link", "ln -s ../other l; mkdir l/new"],
    ["rename-through", "moves a file out through a link", "ln -s ../other l; echo x >f; mv f l/f"],
    ["remove-through", "removes what is behind a link", "ln -s ../other l; rm -r l/"],
    ["delete-below", "removes a file below a link", "ln -s ../other l; rm l/secret.txt"],
    ["mode-through", "changes a mode through a link", "ln -s ../other/secret.txt l; chmod 600 l"],
    ["time-through", "changes a time through a link", "ln -s ../other/secret.txt l; touch -d @1 l"],
    ["truncate-through", "empties a file through a link", "ln -s ../other/secret.txt l; : >l"],
    [
      "attribute-through",
      "sets an attribute through a link",
      'ln -s ../other/secret.txt l; perl -e \'syscall(188, (my $s1 = "l"), (my $s2 = "user.x"), (my $s3 = "y"), 1, 0)\'',
    ],
    [
      "tar-through",
      "unpacks through a link",
      "mkdir d; echo x >d/f; tar cf a.tar d; rm -r d; ln -s ../other d; tar --keep-directory-symlink -xf a.tar",
    ],
    ["listing-through", "looks at a link's directory", "ln -s ../other l; ls l/", { invariant: "M" }],
  ]),
];
