import * as z from "zod";

export const agentKind = z
  .enum(["probe", "pi"])
  .meta({ title: "agent", description: "Program that runs as the agent." });
export type AgentKind = z.infer<typeof agentKind>;

export const modelName = z
  .strictObject({
    provider: z.string().min(1).max(100).describe("Name of the model's provider."),
    id: z.string().min(1).max(200).describe("Id of the model, as its provider names it."),
  })
  .meta({ title: "model name", description: "Name of a model, as an agent uses it." });
export type ModelName = z.infer<typeof modelName>;

export const thinkingLevel = z.enum(["off", "minimal", "low", "medium", "high", "xhigh"]).meta({
  title: "thinking level",
  description: "Amount of thinking before a model answers. The agent uses the nearest level that its model has.",
});
export type ThinkingLevel = z.infer<typeof thinkingLevel>;

export const isolation = z.enum(["shared", "vm"]).meta({
  title: "isolation",
  description: "`shared`: one machine for all tasks, kept apart by its kernel. `vm`: one machine per task.",
});
export type Isolation = z.infer<typeof isolation>;
