import { cpSync, rmSync, symlinkSync } from "node:fs";
import type { HostAttack } from "../../../harness/attacks/attack.ts";
import { beside, bind } from "./scenes.ts";

/** Folders that a task must not get. */
export const hostFolders: readonly HostAttack[] = [
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
        cpSync(outside, `${workspace}-2`, { recursive: true });
        return () => rmSync(`${workspace}-2`, { recursive: true });
      },
    },
  ),
  bind("host-folders.root", "wants the workspace itself", ".", { oracle: "accepted" }),
  bind("host-folders.root-absolute", "wants the workspace itself by its path", ({ workspace }) => workspace, {
    oracle: "accepted",
  }),
  bind("host-folders.link", "wants a link of a person to a directory outside", "link", {
    naive: "prefix",
    prepare: beside("link", (path, { outside }) => symlinkSync(outside, path)),
  }),
  bind("host-folders.link-inside", "wants a link to another folder", "link", {
    naive: "realpath",
    prepare: beside("link", (path) => symlinkSync("other", path)),
  }),
  bind("host-folders.planted", "wants a link that a task planted in its folder", "own/l", {
    naive: "prefix",
    plant: "ln -s $OUTSIDE l",
  }),
  bind("host-folders.below-planted", "wants a directory below such a link", "own/l/er", {
    naive: "realpath",
    plant: "ln -s ../other/deep l",
  }),
  bind("host-folders.file", "wants a link to the directory of a file", "own/f/..", {
    naive: "joined",
    plant: "ln -s $OUTSIDE f",
    dead: "path.join resolves the dots first, and what is left is the attacker's own folder",
  }),
  bind("host-folders.proc", "wants a folder through /proc", ({ outside }) => `/proc/self/root${outside}`),
  bind("host-folders.nul", "wants a folder whose name ends at a NUL", "../outside\0x", { naive: "cut" }),
  bind("host-folders.encoded", "wants a folder with encoded dots", "%2e%2e/outside", { naive: "decoded" }),
  bind("host-folders.equal", "wants the folder of a task that runs", "other", { oracle: "accepted" }),
  bind("host-folders.equal-slash", "wants it with a slash behind it", "other/", { oracle: "accepted" }),
  bind("host-folders.nested", "wants a directory in the folder of a task that runs", "other/deep", {
    oracle: "accepted",
  }),
  bind("host-folders.around", "wants a folder that holds the folder of a task that runs", ".", {
    oracle: "accepted",
  }),
];
