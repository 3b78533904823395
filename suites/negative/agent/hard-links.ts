import { agent } from "../../../harness/attacks/attack.ts";
import { besideOthers } from "./scripts.ts";

/** A second name for a file, and names moved between folders. */
export const hardLinks = [
  ...agent("hard-links", "token", [
    [
      "inwards",
      "links a file of another into a folder of its own",
      "ln ../other/secret.txt l; cat l",
      { essential: true, undo: "true" },
    ],
    [
      "by-descriptor",
      "links an open file of another into its folder",
      "exec 3<../other/secret.txt && ln -L /proc/self/fd/3 l; cat l",
      { undo: "true" },
    ],
    [
      "moved-in",
      "moves a file of another into its folder",
      "mv ../other/deep/er/secret.txt here; cat here",
      { essential: true, undo: "true" },
    ],
    [
      "of-system",
      "links a file of the machine's root",
      "cd /proc/1/root/tmp && ln secret l && cat l; rm -f l",
      { undo: "true" },
    ],
  ]).map(besideOthers),
  ...agent("hard-links", "change", [
    ["outwards", "gives a file of its own a name outside", "echo x >f; ln f ../other/f", { essential: true }],
    ["moved-out", "moves a file into another's folder", "echo x >f; mv f ../other/f"],
    ["replaced", "puts a file of its own in the place of another's", "echo x >f; mv f ../other/secret.txt"],
    [
      "exchanged",
      "exchanges a file with one of the machine",
      "cd /proc/1/root/tmp && echo x >f; perl -e 'syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2)' f secret",
      { oracle: "guest-change" },
    ],
    ["folder-moved", "moves another's folder", "mv ../third ../moved"],
    ["folder-replaced", "puts a link in the place of another's folder", "mv ../third ../third2 && ln -s /etc ../third"],
  ]).map(besideOthers),
];
