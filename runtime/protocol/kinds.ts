import * as z from "zod";

export const agentKind = z.enum(["probe", "pi"]);
export type AgentKind = z.infer<typeof agentKind>;

/** A model as an agent names it. */
export const modelName = z.strictObject({ provider: z.string().min(1).max(100), id: z.string().min(1).max(200) });
export type ModelName = z.infer<typeof modelName>;

/** How much a model thinks before it answers; an agent takes the nearest that its model knows. */
export const thinkingLevel = z.enum(["off", "minimal", "low", "medium", "high", "xhigh"]);
export type ThinkingLevel = z.infer<typeof thinkingLevel>;

/** `shared`: one machine for all tasks, whose kernel keeps them apart. `vm`: a machine for each task. */
export const isolation = z.enum(["shared", "vm"]);
export type Isolation = z.infer<typeof isolation>;
