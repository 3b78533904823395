import { agent } from "./agent.ts";

/** Names that a program might take for something else. */
export const names = agent("names", "R", [
  [
    "unicode-dots",
    "hopes that dots of another width are dots",
    "mkdir '．．'; cat '．．/other/secret.txt' || cat ../other/secret.txt",
  ],
  [
    "percent",
    "hopes that somebody decodes its path",
    "cat '%2e%2e/other/secret.txt' || cat \"$(printf '\\56\\56')/other/secret.txt\"",
  ],
  ["backslash", "hopes for another separator", "cat '..\\other\\secret.txt' || cat ..\\/other/secret.txt"],
  [
    "newline",
    "makes a directory with a line break and climbs from it",
    'd=$(printf \'a\\nb\'); mkdir "$d"; cat "$d/../../other/secret.txt"',
  ],
  ["dash", "makes a file named like an option", "touch -- '--reference=x'; cat -- ./../other/secret.txt"],
  [
    "invalid-utf-8",
    "climbs from a directory with a name that is no text",
    'd=$(printf \'a\\377\\376\'); mkdir "$d"; cat "$d/../../other/secret.txt"',
  ],
  [
    "255-bytes",
    "climbs from a directory with the longest name",
    "d=$(printf 'n%.0s' $(seq 255)); mkdir $d; cat $d/../../other/secret.txt",
  ],
]);
