import { agent } from "../../../harness/attacks/attack.ts";

/** A second name for a file, and names moved between folders. */
export const hardLinks = [
  ...agent("hard-links", "token", [
    ["inwards", "links a file of another into its folder", "ln ../other/secret.txt l; cat l", { essential: true }],
    [
      "by-descriptor",
      "links an open file of another into its folder",
      "exec 3<../other/secret.txt && ln -L /proc/self/fd/3 l; cat l",
    ],
    [
      "moved-in",
      "moves a file of another into its folder",
      "mv ../other/deep/er/secret.txt here; cat here",
      { essential: true, undo: "true" },
    ],
    ["of-system", "links a file of the machine's root", "ln /tmp/secret /tmp/l; cat /tmp/l; rm -f /tmp/l"],
  ]),
  ...agent("hard-links", "change", [
    ["outwards", "gives a file of its own a name outside", "echo x >f; ln f ../other/f", { essential: true }],
    ["moved-out", "moves a file into another's folder", "echo x >f; mv f ../other/f"],
    ["replaced", "puts a file of its own in the place of another's", "echo x >f; mv f ../other/secret.txt"],
    [
      "exchanged",
      "exchanges a file with one of the machine",
      "echo x >/tmp/f; perl -e 'syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2)' /tmp/f /tmp/secret",
      { oracle: "guest-change" },
    ],
    ["folder-moved", "moves another's folder", "mv ../own2 ../moved"],
    ["folder-replaced", "puts a link in the place of another's folder", "mv ../third ../third2 && ln -s /etc ../third"],
  ]),
];
