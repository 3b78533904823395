import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./places.ts";

const { version, engines } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
  version: string;
  engines: { node: string };
};

export const VERSION = version;

/** The oldest Node that runs this, as in "20.19.0". */
export const OLDEST_NODE = engines.node.replace(">=", "");

/** Whether a Node of this version runs this. */
export function isNewEnough(node: string): boolean {
  return node.localeCompare(OLDEST_NODE, "en", { numeric: true }) >= 0;
}
