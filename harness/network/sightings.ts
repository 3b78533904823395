import * as z from "zod";

/** What reached anybody outside. */
export const sightings = z.strictObject({
  /** accepted connections, with the address that was dialled, and what was sent */
  connections: z.array(z.strictObject({ address: z.string(), port: z.number(), bytes: z.string() })),
  datagrams: z.array(z.strictObject({ port: z.number(), bytes: z.string() })),
  /** names that were asked for */
  questions: z.array(z.string()),
  /** packets that ask for an echo */
  echoes: z.number(),
});
export type Sightings = z.infer<typeof sightings>;

/** What the harness asks of the process outside. */
export const outsideRequest = z.discriminatedUnion("ask", [
  z.strictObject({ id: z.number(), ask: z.literal("forget") }),
  z.strictObject({ id: z.number(), ask: z.literal("seen") }),
  z.strictObject({
    id: z.number(),
    ask: z.literal("names"),
    names: z.record(z.string(), z.array(z.array(z.string()))),
  }),
  /** a request through the naive proxy: whether it is answered in this time, in milliseconds */
  z.strictObject({ id: z.number(), ask: z.literal("naively"), url: z.string(), deadlineMs: z.number() }),
]);
export type OutsideRequest = z.infer<typeof outsideRequest>;

export const outsideAnswer = z.strictObject({ id: z.number(), result: z.unknown() });
