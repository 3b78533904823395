import { StepError } from "./step-error.ts";
import { ToolFailed, tool } from "./tool.ts";

/** Fixed, so that the same files make the same image: 2000-01-01, which also tools that fear 1970 accept. */
const TIME = "946684800";
const UUID = "70697770-6f72-4b00-8000-726f6f740000";

/** Packs `root` into a read-only image: not compressed, all of it root's, no extended attributes. */
export async function makeErofs(root: string, output: string, signal: AbortSignal): Promise<void> {
  await tool("mkfs.erofs", ["--quiet", "-x-1", "-T", TIME, "-U", UUID, "--all-root", output, root], { signal });
}

/** Another version may lay out the same files differently. */
export async function erofsVersion(signal: AbortSignal): Promise<string> {
  // Version 1.5 has no -V, but says its version before it refuses it.
  const said = await tool("mkfs.erofs", ["-V"], { signal }).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      if (error instanceof ToolFailed) return error.output;
      throw error;
    },
  );
  const version = /mkfs\.erofs (?:\(erofs-utils\) )?(\d\S*)/.exec(said)?.[1];
  if (version === undefined)
    throw new StepError("mkfs.erofs does not say its version", "Install erofs-utils 1.5 or newer.");
  return version;
}
