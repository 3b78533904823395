import { join } from "node:path";
import type { FilesPath } from "../files.ts";
import { HostDirectories } from "../host-directories.ts";
import { shareDevices } from "./devices.ts";
import { expected } from "./expected.ts";
import { SHARES, ShownPlacesSource, WholePlaces } from "./machine-files.ts";

/** Path I: QEMU's 9p server exports directories of the host, and taskd mounts them. */
export const share: FilesPath = {
  deviceWords: shareDevices(SHARES.map((name) => ({ name, path: `/${name}` }))),
  forAllTasks: (places) => new WholePlaces(places, false),
  forTemplate: (places) => new WholePlaces(places, true),
  forSingleTasks: (places, scratch) => new ShownPlacesSource(places, join(scratch, "stage")),
  onHost: (places) => new HostDirectories(places),
  expected,
};
