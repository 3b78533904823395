import { agent } from "../../../harness/attacks/attack.ts";
import { inOwnFolder } from "./scripts.ts";

/**
 * Names that a program might take for something else. Encoded dots, other separators and dots of another width are tried on
 * the host (`host-paths.*`): a kernel decodes nothing, so there is no control on which they would leak.
 */
export const names = agent("names", "token", [
  [
    "newline",
    "makes a directory with a line break and climbs from it",
    'd=$(printf \'a\\nb\'); mkdir "$d"; cat "$d/../../other/secret.txt"',
    { essential: true },
  ],
  [
    "invalid-utf-8",
    "climbs from a directory with a name that is no text",
    'd=$(printf \'a\\377\\376\'); mkdir "$d"; cat "$d/../../other/secret.txt"',
    { essential: true },
  ],
  [
    "255-bytes",
    "climbs from a directory with the longest name",
    "d=$(printf 'n%.0s' $(seq 255)); mkdir $d; cat $d/../../other/secret.txt",
  ],
]).map(inOwnFolder);
