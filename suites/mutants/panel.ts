import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** The page for people, and who may use it. */
export const panel: readonly Mutant[] = [
  {
    id: "no-token",
    file: "runtime/panel/server.ts",
    find: "if (!this.#options.key.opens(headers.authorization))",
    replace: "if (headers.authorization !== undefined && !this.#options.key.opens(headers.authorization))",
    loses: "Every user and program of the host controls the runtime by the panel's port, by leaving the token away.",
    ...unit("runtime/panel/server.test.ts"),
  },
  {
    id: "report-for-all",
    file: "runtime/panel/server.ts",
    find: `run !== "" && this.#options.key.hasSigned(path, signature)`,
    replace: `run !== "" || this.#options.key.hasSigned(path, signature)`,
    loses: "Every user of the host reads the reports of runs, with their logs, under any made-up key.",
    noticedBy: "panel.report-apart",
  },
  {
    id: "connects-anywhere",
    file: "runtime/panel/server.ts",
    find: `"connect-src 'self'",`,
    replace: `"connect-src *",`,
    loses: "Once a text of a task gets into the page, it sends the token elsewhere.",
    noticedBy: "panel.policy-words",
  },
  {
    id: "forms-and-frames-anywhere",
    file: "runtime/panel/server.ts",
    find: `"form-action 'none'",
  "frame-ancestors 'none'",
`,
    replace: "",
    loses:
      "A page of another site shows the panel in itself, and steals clicks; a form in a task's text sends elsewhere.",
    noticedBy: "panel.policy-framed",
  },
  {
    id: "report-of-same-origin",
    file: "runtime/panel/server.ts",
    find: `"sandbox allow-scripts; default-src`,
    replace: `"sandbox allow-scripts allow-same-origin; default-src`,
    loses: "A script in a report reads the panel's token.",
    noticedBy: "panel.report-apart",
  },
  {
    id: "any-host",
    file: "runtime/panel/server.ts",
    find: `if (headers.host !== this.#origin.slice("http://".length))`,
    replace: "if (headers.host === undefined)",
    loses: "A name of another site that leads to this host gets answers.",
    ...unit("runtime/panel/server.test.ts"),
  },
  {
    id: "origin-not-needed",
    file: "runtime/panel/server.ts",
    find: "if (headers.origin === undefined) return [403,",
    replace: `if (headers.origin === "") return [403,`,
    loses: "A call that does not say which page it comes from is made.",
    ...unit("runtime/panel/server.test.ts"),
  },
  {
    id: "listens-everywhere",
    file: "runtime/panel/server.ts",
    find: "listen(port, HOST, () =>",
    replace: "listen(port, () =>",
    loses: "Everybody in the network reaches the panel's port.",
    noticedBy: "panel.address",
  },
  {
    id: "failed-shown-as-done",
    file: "runtime/api/conversation.ts",
    find: `step.state = message.isError ? "failed" : "worked";`,
    replace: `step.state = "worked";`,
    loses: "An edit or write of the agent that failed is shown as done.",
    ...unit("runtime/api/conversation.test.ts"),
  },
];
