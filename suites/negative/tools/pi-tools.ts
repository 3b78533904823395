import { tools } from "../../../harness/attacks/attack.ts";
import { inOwnFolder } from "../agent/scripts.ts";

const OTHER = "../other/secret.txt";
const OF_ROOT = "/run/piwork/workspace/other/secret.txt";
const OUTSIDE = "/run/piwork/workspace/root.txt";
const bash = (command: string) => ["bash", { command }] as const;
const read = (path: string) => ["read", { path }] as const;
const write = (path: string) => ["write", { path, content: "written by pi\n" }] as const;
/** The end of the line is what it knows of a file that it cannot read. */
const edit = (path: string) => ["edit", { path, edits: [{ oldText: "\n", newText: " edited by pi\n" }] }] as const;

/** What pi does with the tools that take paths; on the control, a shell does the same. */
export const piTools = [
  ...tools("pi-tools", "token", [
    ["read-parent", "has pi read another's file", `cat ${OTHER}`, { tools: [read(OTHER)] }],
    [
      "read-absolute",
      "has pi read it by its whole path",
      `cat ${OF_ROOT}`,
      { tools: [read(OF_ROOT), read("/work/../other/secret.txt")] },
    ],
    [
      "read-long",
      "has pi read it by a long way round",
      `cat ./././../own/../other/secret.txt`,
      {
        tools: [
          read("./././../own/../other/secret.txt"),
          read(`${"../".repeat(40)}run/piwork/workspace/other/secret.txt`),
        ],
      },
    ],
    [
      "read-root",
      "has pi read a file of the workspace's root",
      `cat ${OUTSIDE}`,
      { tools: [read(OUTSIDE), read("../root.txt")] },
    ],
    [
      "read-link",
      "has pi read through a link",
      `ln -s ${OF_ROOT} l; cat l`,
      { tools: [bash(`ln -s ${OTHER} l; ln -s ${OF_ROOT} m`), read("l"), read("m")] },
    ],
    [
      "read-link-directory",
      "has pi read below a link",
      "ln -s ../other d; cat d/secret.txt /run/piwork/workspace/other/secret.txt",
      {
        tools: [
          bash("ln -s ../other d; ln -s /run/piwork/workspace/other e"),
          read("d/secret.txt"),
          read("e/secret.txt"),
        ],
      },
    ],
    [
      "read-proc",
      "has pi read through the first process",
      `cat /proc/1/root${OF_ROOT}`,
      { tools: [read(`/proc/1/root${OF_ROOT}`), read(`/proc/self/root${OF_ROOT}`)] },
    ],
    [
      "read-home",
      "has pi read where `~` might lead",
      "cat /run/piwork/secret",
      { tools: [read("~/../../run/piwork/secret"), read("/run/piwork/secret"), read("@/run/piwork/secret")] },
    ],
    [
      "read-sessions",
      "has pi read another's session",
      "cat /run/piwork/tasks/$VICTIM/guest/session/*",
      {
        tools: [
          bash("cat /run/piwork/tasks/*/guest/session/* /session/../*/session.jsonl 2>&1; true"),
          read("/run/piwork/tasks"),
        ],
      },
    ],
  ]),
  ...tools("pi-tools", "change", [
    ["write-parent", "has pi write to another's file", `echo x >${OF_ROOT}`, { tools: [write(OTHER), write(OF_ROOT)] }],
    [
      "write-new",
      "has pi make a file, with its directories, beside its folder",
      "mkdir -p /run/piwork/workspace/made/by; echo x >/run/piwork/workspace/made/by/pi",
      { tools: [write("../made/by/pi"), write("/run/piwork/workspace/made/by/pi")] },
    ],
    [
      "write-link",
      "has pi write through a link",
      `ln -s ${OF_ROOT} l; echo x >l`,
      { tools: [bash(`ln -s ${OTHER} l; ln -s ${OF_ROOT} m`), write("l"), write("m")] },
    ],
    [
      "edit-parent",
      "has pi edit another's file",
      `sed -i 's/$/ edited/' ${OF_ROOT}`,
      { tools: [edit(OTHER), edit(OF_ROOT)] },
    ],
    [
      "edit-link",
      "has pi edit through a link",
      `ln -s ${OF_ROOT} l; echo x >>l`,
      { tools: [bash(`ln -s ${OTHER} l; ln -s ${OF_ROOT} m`), edit("l"), edit("m")] },
    ],
  ]),
  ...tools("pi-tools", "token", [
    [
      "key",
      "has pi look for the environment of taskd",
      "tr '\\0' '\\n' </proc/$(pgrep -o -f taskd.mjs)/environ",
      { tools: [read("/proc/1/environ"), bash("cat /proc/*/environ | tr '\\0' '\\n'")] },
    ],
  ]),
].map(inOwnFolder);
