/** A path within a list of QEMU's options, which commas separate. */
export function optionValue(path: string): string {
  return path.replaceAll(",", ",,");
}
