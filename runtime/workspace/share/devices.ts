import type { Export } from "../files.ts";
import { optionValue } from "../qemu-option.ts";

/** QEMU's words for shares. `none` keeps real modes and owners, so that a person can use what an agent made. */
export function shareDevices(exports: readonly Pick<Export, "name" | "path">[]): string[] {
  return exports.flatMap(({ name, path }) => [
    ...["-fsdev", `local,id=${name},path=${optionValue(path)},security_model=none,multidevs=remap`],
    ...["-device", `virtio-9p-pci,fsdev=${name},mount_tag=${name}`],
  ]);
}
