import * as z from "zod";
import { shareFiles } from "./share.ts";

/** What a machine is told of the files that it is given, by the path that they take (docs/adr/0001). */
export const givenFiles = z.discriminatedUnion("kind", [shareFiles]);
export type GivenFiles = z.infer<typeof givenFiles>;
