import type { FilesPath } from "./files.ts";
import { share } from "./share/share.ts";

/** How tasks get their files. */
export const filesPath: FilesPath = share;
