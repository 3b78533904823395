import * as z from "zod";

/** What a quantity is counted in. Less of it is always better. */
export const unit = z.enum(["ms", "MB", "%", "blocks"]);
export type Unit = z.infer<typeof unit>;

const sample = z.strictObject({
  /** null where it failed */
  value: z.number().nullable(),
  /** load average of one minute when it was taken */
  load: z.number(),
  failure: z.string().optional(),
});
export type Sample = z.infer<typeof sample>;

/** A failed sample is worse than every other: null is what a percentile is that falls on one. */
const spread = z.strictObject({
  taken: z.int(),
  failed: z.int(),
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  max: z.number().nullable(),
});
export type Spread = z.infer<typeof spread>;

const measurement = z.strictObject({ describe: z.string(), spread, samples: z.array(sample) });
export type Measurement = z.infer<typeof measurement>;

const alternative = measurement.extend({
  /** `host`: nothing of ours takes part, so it also says how fast this host was; `runtime`: another way to use the runtime */
  where: z.enum(["host", "runtime"]),
  /** the target's p50 in its own p50; null where one of them has none */
  ratio: z.number().nullable(),
});
export type Alternative = z.infer<typeof alternative>;

/** One measured quantity beside what else could be done, measured in turn with it. */
const figure = z.strictObject({
  kind: z.literal("figure"),
  /** `section.quantity` */
  id: z.string(),
  describe: z.string(),
  unit,
  target: measurement,
  alternatives: z.array(alternative),
});
export type Figure = z.infer<typeof figure>;

const point = z.strictObject({ at: z.number(), value: z.number().nullable() });

/** What the nth of something costs. */
const series = z.strictObject({
  kind: z.literal("series"),
  id: z.string(),
  describe: z.string(),
  unit,
  /** what is counted along the line, as in "open tasks" */
  by: z.string(),
  /** the first is the target; a value of null is a failure */
  lines: z.array(z.strictObject({ describe: z.string(), points: z.array(point) })),
});
export type Series = z.infer<typeof series>;

const phases = z.array(z.strictObject({ name: z.string(), value: z.number().nonnegative() }));
export type Phases = z.infer<typeof phases>;

/** What something is made of, in named phases one after the other. */
const breakdown = z.strictObject({
  kind: z.literal("breakdown"),
  id: z.string(),
  describe: z.string(),
  unit,
  bars: z.array(z.strictObject({ describe: z.string(), phases })),
});
export type Breakdown = z.infer<typeof breakdown>;

export const finding = z.discriminatedUnion("kind", [figure, series, breakdown]);
export type Finding = z.infer<typeof finding>;

/** The least value that this share of the samples does not exceed, failed ones last. */
function percentile(values: readonly number[], share: number): number | null {
  const value = values[Math.max(0, Math.ceil(share * values.length) - 1)];
  return value === undefined || value === Number.POSITIVE_INFINITY ? null : value;
}

/** The values in order, a failed one as more than any. */
export function inOrder(samples: readonly Sample[]): number[] {
  return samples.map(({ value }) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
}

export function spreadOf(samples: readonly Sample[]): Spread {
  const values = inOrder(samples);
  return {
    taken: samples.length,
    failed: samples.filter(({ value }) => value === null).length,
    p50: percentile(values, 0.5),
    p95: percentile(values, 0.95),
    max: percentile(values, 1),
  };
}

export function ratioOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : part / whole;
}

/** How many times the first of a series its last costs: medians of a tenth of it, at least of three. */
export function growthOf({ lines }: Series): number | null {
  const values = (lines[0]?.points ?? []).map(({ value }) => ({ value, load: 0 }));
  const part = Math.max(3, Math.round(values.length / 10));
  if (values.length < 2 * part) return null;
  return ratioOf(spreadOf(values.slice(-part)).p50, spreadOf(values.slice(0, part)).p50);
}
