import * as z from "zod";

export const agentKind = z.enum(["probe", "pi"]);
export type AgentKind = z.infer<typeof agentKind>;

/** A model as an agent names it. */
export const modelName = z.strictObject({ provider: z.string().min(1).max(100), id: z.string().min(1).max(200) });
export type ModelName = z.infer<typeof modelName>;
