import type { HostAttack } from "../../../harness/attacks/attack.ts";
import { list, preview, UP } from "./scenes.ts";

/** Paths as text. */
export const hostPaths: readonly HostAttack[] = [
  preview("host-paths.dots", "names a neighbour with ..", "../other/secret.txt"),
  preview("host-paths.dots-inside", "hides the .. behind a directory that is there", "a/../../other/secret.txt", {
    plant: "mkdir a",
  }),
  preview("host-paths.out-and-in", "leaves the folder and comes back", "../own/../other/secret.txt"),
  preview("host-paths.many-dots", "climbs forty directories", ({ outside }) => `${UP}${outside}/secret.txt`),
  preview("host-paths.absolute", "names an absolute path", ({ outside }) => `${outside}/secret.txt`),
  preview(
    "host-paths.absolute-root",
    "names an absolute path in the workspace",
    ({ workspace }) => `${workspace}/root.txt`,
    {},
  ),
  preview("host-paths.same-beginning", "names a folder that begins the same", ({ own }) => `${own}2/secret.txt`, {
    naive: "prefix",
  }),
  preview("host-paths.relative-beginning", "reaches the folder that begins the same with ..", "../own2/secret.txt", {
    naive: "prefix",
  }),
  preview("host-paths.encoded", "encodes the dots", "%2e%2e/other/secret.txt", { naive: "decoded" }),
  preview("host-paths.encoded-slash", "encodes the slash", "..%2fother%2fsecret.txt", { naive: "decoded" }),
  preview("host-paths.backslashes", "writes backslashes", "..\\other\\secret.txt", { naive: "backslashes" }),
  preview("host-paths.cleaned", "writes dots that are left when dots are removed", "....//other/secret.txt", {
    naive: "cleaned",
  }),
  preview("host-paths.nul", "ends the path with a NUL", "../other/secret.txt\0.png", { naive: "cut" }),
  preview("host-paths.blanks", "puts blanks between the dots", ". ./other/secret.txt", { naive: "trimmed" }),
  preview("host-paths.newline", "puts a newline between the dots", ".\n./other/secret.txt", { naive: "trimmed" }),
  preview("host-paths.full-width", "writes full-width dots", "\uff0e\uff0e/other/secret.txt", { naive: "normalized" }),
  preview("host-paths.one-dot-leader", "writes leaders that become two dots", "\u2025/other/secret.txt", {
    naive: "normalized",
  }),
  preview("host-paths.home", "writes ~", "~/secret.txt", { naive: "home" }),
  preview("host-paths.variable", "writes $HOME", "$HOME/secret.txt", { naive: "home" }),
  preview("host-paths.url", "writes a file: URL", ({ outside }) => `file://${outside}/secret.txt`, { naive: "url" }),
  list("host-paths.list-dots", "lists a neighbour by a detour", "../own/../other"),
  list("host-paths.list-neighbour", "lists a neighbour", "../other"),
  list("host-paths.list-absolute", "lists an absolute path", ({ workspace }) => `${workspace}/other`),
  list("host-paths.list-uploads", "climbs out of the uploads", ({ workspace }) => `${UP}${workspace}/other`, {
    area: "uploads",
  }),
  preview(
    "host-paths.preview-uploads",
    "climbs from the uploads to a neighbour's file",
    ({ workspace }) => `${UP}${workspace}/other/secret.txt`,
    { area: "outputs" },
  ),
];
