// The whole module as `z`: by the name `z` a bundle would get every language of its messages.
import * as z from "zod";
import { relativeFolder } from "./ids.ts";

/** How the host proves a mount: it wrote a token into `file`; taskd writes that and `reply` into a file beside it. */
export const mountProof = z.strictObject({
  tag: z.enum(["workspace", "tasks"]),
  /** the directory of the share that is proven; null for the share itself */
  path: relativeFolder.nullable(),
  file: z.string().regex(/^\.piwork-mount-[0-9a-f]{32}$/),
  reply: z.string().regex(/^[0-9a-f]{32}$/),
});
export type MountProof = z.infer<typeof mountProof>;

/** Path I: the machine mounts what is exported to it, and shows that both sides see the same directories. */
export const shareFiles = z.strictObject({
  kind: z.literal("share"),
  /** directories that are proven before a task gets them */
  proofs: z.array(mountProof).max(2),
});
