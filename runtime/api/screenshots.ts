import * as z from "zod";

const pngName = z.string().regex(/^[a-z0-9][a-z0-9.-]*\.png$/);

/** One picture of the panel, and what it was compared with. All files are in the bundle, beside `screenshots.json`. */
export const screenshot = z.strictObject({
  scene: z.string(),
  /** what was seen */
  capture: pngName,
  /** what was to be seen; null where there is no baseline */
  baseline: pngName.nullable(),
  /** where they differ; null where they don't, or cannot be compared */
  difference: pngName.nullable(),
  width: z.int().positive(),
  height: z.int().positive(),
  /** "size" and "blank" are failures of their own: nothing was compared then */
  verdict: z.enum(["same", "different", "size", "blank", "no baseline", "accepted"]),
  /** pixels that differ, of all; null where nothing was compared */
  differing: z.int().nonnegative().nullable(),
  /** how far two colours may be apart and still count as the same, as pixelmatch has it */
  threshold: z.number(),
  /** what was covered on the page before it was captured, and how much of it that is */
  masks: z.array(z.strictObject({ selector: z.string(), share: z.number().min(0).max(1) })),
});
export type Screenshot = z.infer<typeof screenshot>;

/** `screenshots.json`: what a suite that takes pictures leaves in its bundle. */
export const screenshots = z.strictObject({
  schema: z.literal(1),
  browser: z.string(),
  fonts: z.array(z.string()),
  screenshots: z.array(screenshot),
});
export type Screenshots = z.infer<typeof screenshots>;
