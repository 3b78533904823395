import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { HostAttack, Places } from "../../../harness/attacks/host.ts";

// The operations of the control API that attacks on the host end in, and what lies in their way.

type Rest = Partial<HostAttack>;

/** The secret is read by its name. */
export const preview = (
  id: string,
  tries: string,
  path: string | ((places: Places) => string),
  rest: Rest,
): HostAttack => ({
  ...{ id, tries, invariant: "R", oracle: "token", naive: "joined", ...rest },
  operation: (places) => ({ call: "preview", path: typeof path === "string" ? path : path(places) }),
});

export const list = (
  id: string,
  tries: string,
  path: string | ((places: Places) => string),
  rest: Rest,
): HostAttack => ({
  ...{ id, tries, invariant: "M", oracle: "token", naive: "joined", ...rest },
  operation: (places) => ({ call: "list", path: typeof path === "string" ? path : path(places) }),
});

export const bring = (
  id: string,
  tries: string,
  name: string | ((places: Places) => string),
  rest: Rest = {},
): HostAttack => ({
  ...{ id, tries, invariant: "W", oracle: "change", naive: "joined", ...rest },
  operation: (places) => ({ call: "import", name: typeof name === "string" ? name : name(places) }),
});

export const bind = (
  id: string,
  tries: string,
  folder: string | ((places: Places) => string),
  rest: Rest = {},
): HostAttack => ({
  ...{ id, tries, invariant: "R", oracle: "token", naive: "joined", ...rest },
  operation: (places) => ({
    ...{ call: "bind", folder: typeof folder === "string" ? folder : folder(places) },
    shared: rest.oracle !== "accepted",
  }),
});

export const find = (id: string, tries: string, task: string): HostAttack => ({
  ...{ id, tries, invariant: "A", oracle: "accepted", naive: "find" },
  operation: () => ({ call: "find", task }),
});

/** A person puts something beside the folders, and takes it away again. */
export const beside =
  (name: string, make: (path: string, places: Places) => void) =>
  (places: Places): (() => void) => {
    const path = join(places.workspace, name);
    make(path, places);
    return () => rmSync(path, { recursive: true, force: true });
  };

export const UP = "../".repeat(40);

/** A task cannot make pipes in its folder; a person can. */
export const pipes =
  (...paths: string[]) =>
  ({ own }: Places): void => {
    mkdirSync(join(own, "d"));
    $.sync`mkfifo ${paths.map((path) => join(own, path))}`;
  };
