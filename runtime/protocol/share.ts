import * as z from "zod";
import { relativeFolder } from "./ids.ts";

const mountProof = z
  .strictObject({
    tag: z.enum(["workspace", "tasks"]).describe("Name of the share."),
    path: relativeFolder.nullable().describe("Directory of the share to prove; null for the share itself."),
    file: z
      .string()
      .regex(/^\.piwork-mount-[0-9a-f]{32}$/)
      .describe("Name of the file that holds the host's token."),
    reply: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .describe("Text that taskd has to write behind the token."),
  })
  .meta({
    title: "mount proof",
    description:
      "Proof that a mount shows the host's directory: the host writes a token into `file`; taskd reads it, and writes the token and `reply` into a file beside it.",
  });
export type MountProof = z.infer<typeof mountProof>;

/** Path I: QEMU exports directories of the host, and taskd mounts them. */
export const shareFiles = z
  .strictObject({
    kind: z.literal("share").describe("Path that the files take."),
    proofs: z.array(mountProof).max(2).describe("Directories that taskd mounts and proves before a task gets them."),
  })
  .meta({ title: "shared files", description: "Files that the machine mounts from the host." });
