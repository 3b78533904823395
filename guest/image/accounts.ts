import { writeFile } from "node:fs/promises";
import { directoryIn, newIn } from "./in-root.ts";

/** What packages would have written by their scripts, as the guest wants it. */
const FILES: Record<string, string> = {
  "etc/passwd": `root:x:0:0:root:/root:/bin/bash
task:x:20001:20001:task:/home/task:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`,
  "etc/group": `root:x:0:
tty:x:5:
task:x:20001:
nogroup:x:65534:
`,
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
  "etc/hostname": "piwork\n",
  "etc/hosts": "127.0.0.1 localhost piwork\n::1 localhost\n",
};

/** Directories that something is mounted on, or that must exist although nothing is in them: the root is read-only. */
const MOUNT_POINTS = [
  "proc",
  "sys",
  "dev",
  "run",
  "tmp",
  "mnt",
  "root",
  "home/task",
  "session",
  "work",
  "outputs",
  "uploads",
  "task",
];

export async function writeAccounts(root: string): Promise<void> {
  for (const path of MOUNT_POINTS) await directoryIn(root, path);
  for (const [path, content] of Object.entries(FILES)) await writeFile(await newIn(root, path), content);
}
