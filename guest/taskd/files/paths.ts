import type { GivenFiles } from "../../../runtime/protocol/given-files.ts";
import type { Files } from "./files.ts";
import { share } from "./share/share.ts";

const PATHS: Record<GivenFiles["kind"], Files> = { share };

/** The ways of giving tasks their files that this taskd has. */
export const FILE_PATHS = Object.keys(PATHS);

/** The path that these files take. */
export function filesOf({ kind }: GivenFiles): Files {
  return PATHS[kind];
}

export async function settleFiles(): Promise<void> {
  for (const files of Object.values(PATHS)) await files.settle();
}

export async function releaseFiles(): Promise<void> {
  for (const files of Object.values(PATHS)) await files.release();
}
