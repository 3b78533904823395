import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { HostAttack, ScenePlaces } from "../../../harness/attacks/attack.ts";
import type { Area } from "../../../runtime/api/files.ts";

// The operations of the control API that attacks on the host end in, and what lies in their way.

/** What an attack has beside its name: also the task and the area that a path belongs to, where these are not the attacker's folder. */
type Rest = Partial<HostAttack> & { task?: string; area?: Area };
/** A path or a name, or how it follows from the places of a scene. */
type Named = string | ((places: ScenePlaces) => string);

const nameIn = (places: ScenePlaces, named: Named) => (typeof named === "string" ? named : named(places));

/** Every run has the attacks on the host: they take milliseconds. */
const onHost = (attack: Omit<HostAttack, "lane" | "essential" | "naive"> & Rest): HostAttack => ({
  lane: "host",
  essential: true,
  naive: "joined",
  ...attack,
});

/** Reads the secret by its name. */
export const preview = (id: string, tries: string, path: Named, { task, area, ...rest }: Rest = {}): HostAttack =>
  onHost({
    id,
    tries,
    oracle: "token",
    operation: (places) => ({ call: "preview", task, area, path: nameIn(places, path) }),
    ...rest,
  });

export const list = (id: string, tries: string, path: Named, { task, area, ...rest }: Rest = {}): HostAttack =>
  onHost({
    id,
    tries,
    oracle: "token",
    operation: (places) => ({ call: "list", task, area, path: nameIn(places, path) }),
    ...rest,
  });

export const bring = (id: string, tries: string, name: Named, rest: Rest = {}): HostAttack =>
  onHost({
    id,
    tries,
    oracle: "change",
    operation: (places) => ({ call: "import", name: nameIn(places, name) }),
    ...rest,
  });

export const bind = (id: string, tries: string, folder: Named, rest: Rest = {}): HostAttack =>
  onHost({
    id,
    tries,
    oracle: "token",
    operation: (places) => ({ call: "bind", folder: nameIn(places, folder), shared: rest.oracle !== "accepted" }),
    ...rest,
  });

export const find = (id: string, tries: string, task: string): HostAttack =>
  onHost({ id, tries, oracle: "accepted", naive: "find", operation: () => ({ call: "find", task }) });

/** A person puts something beside the folders, and takes it away again. */
export const beside =
  (name: string, make: (path: string, places: ScenePlaces) => void) =>
  (places: ScenePlaces): (() => void) => {
    const path = join(places.workspace, name);
    make(path, places);
    return () => rmSync(path, { recursive: true, force: true });
  };

export const UP = "../".repeat(40);

/** A task cannot make pipes in its folder; a person can. */
export const pipes =
  (...paths: string[]) =>
  ({ own }: ScenePlaces): void => {
    mkdirSync(join(own, "d"));
    $.sync`mkfifo ${paths.map((path) => join(own, path))}`;
  };
