import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { HostAttack, ScenePlaces } from "../../../harness/attacks/attack.ts";
import { bind, bring, list, preview } from "./scenes.ts";

/** Links that a task plants, or a person. */
export const hostLinks: readonly HostAttack[] = [
  preview("host-links.final", "previews a link of a task to a neighbour's file", "l", {
    plant: "ln -s ../other/secret.txt l",
  }),
  preview("host-links.absolute", "previews a link of a task to a file outside", "l", {
    plant: "ln -s $OUTSIDE/secret.txt l",
  }),
  preview("host-links.intermediate", "previews a file below a link to a directory", "d/secret.txt", {
    plant: "ln -s ../other d",
    naive: "prefix",
  }),
  preview("host-links.dots-behind", "goes up behind a link", "d/../root.txt", {
    plant: "ln -s $WORKSPACE/own2 d",
    naive: "joined",
    dead: "path.join resolves the dots first; open() with the text as it is would get there",
  }),
  preview("host-links.chain", "previews a chain whose last link leaves", "a", {
    plant: "ln -s b a; ln -s c b; ln -s ../other/secret.txt c",
  }),
  preview("host-links.proc-root", "previews a link through /proc/self/root", "l", {
    plant: "ln -s /proc/self/root$OUTSIDE/secret.txt l",
  }),
  preview("host-links.proc-cwd", "previews a link through the working directory of the runtime", "l", {
    plant: "ln -s /proc/self/cwd/../../../../../../../..$OUTSIDE/secret.txt l",
  }),
  preview("host-links.proc-pid", "previews a link through the root of the first process", "l", {
    plant: "ln -s /proc/1/root$OUTSIDE/secret.txt l",
    dead: "the first process may have another root",
  }),
  preview("host-links.person", "previews a link that a person put there", "l", {
    prepare: ({ own, outside }) => symlinkSync(join(outside, "secret.txt"), join(own, "l")),
  }),
  preview("host-links.workspace", "previews a link into another folder of the same workspace", "l", {
    plant: "ln -s $WORKSPACE/other/deep/er/secret.txt l",
  }),
  list("host-links.list-final", "lists a link to a neighbour", "l", { plant: "ln -s ../other l" }),
  list("host-links.list-deep", "lists below a link", "l/other", { plant: "ln -s .. l" }),
  list("host-links.list-stat", "lists a directory with a link to a file whose size is a secret", "", {
    plant: "ln -s ../other/sized.txt l",
  }),
  list("host-links.list-time", "lists a directory with a link to a file whose time is a secret", "", {
    plant: "ln -s ../other/secret.txt l",
  }),
  list("host-links.slash", "lists a link with a slash behind it", "l/", { plant: "ln -s ../other l" }),
  list("host-links.beginnings", "lists a directory with links to files outside", "", {
    plant: "ln -s $OUTSIDE/secret.txt a; ln -s ../other/secret.txt b",
    naive: "beginnings",
  }),
  preview("host-links.outputs", "previews a link in the task's outputs", "l", {
    area: "outputs",
    plant: "ln -sfn $OUTSIDE/secret.txt /outputs/l || ln -sfn $OUTSIDE/secret.txt l",
  }),
  bring("host-links.import-through", "imports over a link to a file outside", "l", {
    prepare: ({ guest, outside }) => symlinkSync(join(outside, "secret.txt"), join(guest, "uploads/l")),
  }),
  bring("host-links.import-dangling", "imports over a link to a file that is not there yet", "l", {
    prepare: ({ guest, outside }) => symlinkSync(join(outside, "made"), join(guest, "uploads/l")),
  }),
  bring("host-links.import-below", "imports below a link to a directory", "d/made", {
    prepare: ({ guest, outside }) => symlinkSync(outside, join(guest, "uploads/d")),
  }),
  bring("host-links.import-uploads", "imports where the uploads are a link", "made", {
    prepare({ guest, outside }) {
      renameSync(join(guest, "uploads"), join(guest, "uploads-kept"));
      symlinkSync(outside, join(guest, "uploads"));
      return () => {
        rmSync(join(guest, "uploads"), { recursive: true });
        renameSync(join(guest, "uploads-kept"), join(guest, "uploads"));
      };
    },
  }),
  preview("host-links.root", "previews a file while the workspace itself is a link to elsewhere", "secret.txt", {
    prepare: rootReplaced,
  }),
  list("host-links.root-list", "lists a folder while the workspace itself is a link to elsewhere", "", {
    prepare: rootReplaced,
  }),
  bind("host-links.root-bind", "wants a folder while the workspace itself is a link to elsewhere", "own", {
    prepare: rootReplaced,
  }),
];

/** Somebody puts a link where the workspace was; what runs has the directory that was there. */
function rootReplaced({ workspace, outside }: ScenePlaces): () => void {
  mkdirSync(join(outside, "own"));
  cpSync(join(outside, "secret.txt"), join(outside, "own/secret.txt"));
  cpSync(join(outside, "secret.txt"), join(outside, "own", readFileSync(join(outside, "secret.txt"), "utf8").trim()));
  renameSync(workspace, `${workspace}-away`);
  symlinkSync(outside, workspace);
  return () => {
    rmSync(workspace);
    renameSync(`${workspace}-away`, workspace);
    rmSync(join(outside, "own"), { recursive: true });
  };
}
