import type { Mutant } from "../../harness/mutants/mutant.ts";
import { bridge } from "./bridge.ts";
import { control } from "./control.ts";
import { evidence } from "./evidence.ts";
import { fleet } from "./fleet.ts";
import { network } from "./network.ts";
import { panel } from "./panel.ts";
import { quota } from "./quota.ts";
import { taskd } from "./taskd.ts";
import { walls } from "./walls.ts";
import { workspace } from "./workspace.ts";

/** By what they are about. */
export const MUTANTS_OF = { walls, taskd, network, panel, fleet, evidence, quota, workspace, bridge, control } as const;

export const MUTANTS: readonly Mutant[] = Object.values(MUTANTS_OF).flat();
