import { agent } from "../../../harness/attacks/attack.ts";
import { inOwnFolder } from "./scripts.ts";

/** Paths as text. */
export const paths = agent("paths", "token", [
  ["parent", "reads ../other", "cat ../other/secret.txt", { essential: true }],
  ["parent-of-child", "climbs out of a directory of its own", "mkdir a; cat a/../../other/secret.txt"],
  [
    "absolute",
    "names another folder as the machine's root would",
    "cat /run/piwork/workspace/other/secret.txt",
    { essential: true },
  ],
  [
    "same-prefix",
    "reads a folder whose name begins like its own (CVE-2025-53110)",
    "cat ../own2/secret.txt /run/piwork/workspace/own2/secret.txt",
    { essential: true },
  ],
  ["workspace-root", "reads a file of the workspace root", "cat ../root.txt"],
  ["forty-parents", "climbs forty times", "p=../../../../../../../../../..; cat $p/$p/$p/$p/run/piwork/secret"],
  [
    "behind-link",
    "climbs from where a link leads",
    "mkdir -p a/b; ln -s a/b l; cat l/../../../other/secret.txt; cat l/../../other/secret.txt",
    { essential: true },
  ],
  ["dots-and-slashes", "hides the parent among dots and slashes", "cat .//./..///other/././secret.txt"],
  ["changed-directory", "steps out and reads", "cd ../other && cat secret.txt"],
  [
    "long-name",
    "writes a path that is nearly too long for the kernel",
    "p=../own; i=0; while [ $i -lt 9 ]; do p=$p/$p; i=$((i+1)); [ ${#p} -gt 1500 ] && break; done; cat $p/../other/secret.txt",
  ],
  ["names", "lists the parent", "ls -a ../other"],
  ["glob", "lets the shell guess names of others", "echo ../*/* /run/piwork/workspace/*/*"],
  [
    "find",
    "looks for files of others everywhere",
    "find / -xdev -name 'name-*' 2>/dev/null; find /run -name 'name-*' 2>/dev/null",
    { essential: true },
  ],
  ["size", "asks how large a file of another is", "stat -c %s ../other/sized.txt", { essential: true }],
  ["time", "asks how old a file of another is", "stat -c %Y ../other/secret.txt"],
  ["link-target", "reads where another's link leads", "readlink ../other/link", { essential: true }],
]).map(inOwnFolder);
