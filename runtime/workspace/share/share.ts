import { join } from "node:path";
import type { FilesPath } from "../files.ts";
import { hostDirectories } from "../host-directories.ts";
import { expected } from "./expected.ts";
import { exportAll, exportSingly, shareDevices } from "./machine-files.ts";
import { SHARES } from "./stage.ts";

/** Path I: QEMU's 9p server exports directories of the host, and taskd mounts them. */
export const share: FilesPath = {
  deviceWords: shareDevices(SHARES.map((name) => ({ name, path: `/${name}` }))),
  forAllTasks: (places) => exportAll(places, { provesTasks: false }),
  forTemplate: (places) => exportAll(places, { provesTasks: true }),
  forSingleTasks: (places, scratch) => exportSingly(places, join(scratch, "stage")),
  onHost: hostDirectories,
  expected,
};
