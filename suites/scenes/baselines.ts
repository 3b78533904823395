import { join } from "node:path";

/** The accepted pictures of the scenes. */
export const BASELINES = join(import.meta.dirname, "../baselines");
