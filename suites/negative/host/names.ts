import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostAttack } from "../../../harness/attacks/attack.ts";
import { bring, find, list, preview } from "./scenes.ts";

/** Ids and names. */
export const hostNames: readonly HostAttack[] = [
  find("host-ids.proto", "asks for the task __proto__", "__proto__"),
  find("host-ids.constructor", "asks for the task constructor", "constructor"),
  find("host-ids.to-string", "asks for the task toString", "toString"),
  find("host-ids.empty", "asks for a task without a name", ""),
  list("host-ids.dots", "names the directory of the tasks", "", {
    naive: "tool",
    task: "..",
    dead: "the directory above holds no canary",
  }),
  list("host-ids.option", "names a task like an option", "", { naive: "tool", task: "-la" }),
  list("host-ids.dot", "names a task '.'", "", { naive: "tool", task: "." }),
  preview("host-ids.traversal", "names a task by a path", "secret.txt", {
    task: "../../outside",
    prepare({ outside }) {
      mkdirSync(join(outside, "guest"));
      symlinkSync(outside, join(outside, "guest/outputs"));
      return () => rmSync(join(outside, "guest"), { recursive: true });
    },
  }),
  bring("host-names.dots", "imports a file as ../session/x", "../session/x"),
  bring("host-names.encoded", "imports a file with a slash that was encoded", "../outputs/x"),
  bring(
    "host-names.absolute",
    "imports a file by an absolute path",
    ({ outside }) => `../../../../../${outside.split("/").at(-1)}/x`,
  ),
  bring("host-names.slash", "imports a file over a directory above", "../../x"),
  ...(
    [
      ["hidden", "a hidden name", ".profile"],
      ["newline", "a name with a newline", "a\nb"],
      ["return", "a name that writes over itself", "a\rb"],
      ["escape", "a name that speaks to terminals", "\u001b[2Jx"],
      ["option", "a name that is an option", "-rf"],
      ["right-to-left", "a name that is shown backwards", "invoice\u202efdp.sh"],
      ["isolate", "a name with an isolate", "a\u2066b\u2069"],
      ["zero-width", "a name with a character that nobody sees", "a\u200bb"],
      ["separator", "a name with a line separator", "a\u2028b"],
      ["too-long", "a name of 255 bytes", "n".repeat(255)],
    ] as const
  ).map(([id, what, name]) => bring(`host-names.${id}`, `imports a file with ${what}`, name, { oracle: "accepted" })),
  bring("host-names.existing", "imports a file over one that is there", "there.txt", {
    oracle: "accepted",
    prepare: ({ guest }) => writeFileSync(join(guest, "uploads/there.txt"), "kept"),
  }),
];
