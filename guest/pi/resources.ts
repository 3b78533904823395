import { createEventBus } from "pi/core/event-bus.js";
import { createExtensionRuntime, type ExtensionApi, loadExtensionFromFactory } from "pi/core/extensions/loader.js";
import { readInstructions } from "./instructions.ts";

const PROMPT = `You are an expert coding assistant. You help users by reading files, executing commands, editing code, and writing new files.

Available tools:
- read: read file contents
- bash: execute bash commands (ls, rg, fd, git, jq, python3 and the usual others are there)
- edit: make precise changes to a file
- write: create or overwrite a file

Guidelines:
- Use read to examine files, and edit for changes to them; write only for new files or complete rewrites
- Be concise in your responses
- Show file paths clearly when working with files`;

/**
 * Everything that pi would look for in a folder, in the home and in packages: of that it gets our extension and the instructions
 * that a folder brings as text. Extensions, themes, skills, prompt templates and settings of a folder would be code that the folder
 * runs in the agent, or another agent than the one that was tried.
 */
export async function findResources(cwd: string, extension: (api: ExtensionApi) => void): Promise<object> {
  const runtime = createExtensionRuntime();
  const extensions = [await loadExtensionFromFactory(extension, cwd, createEventBus(), runtime, "<piwork>")];
  const agentsFiles = readInstructions(cwd);
  return {
    getExtensions: () => ({ extensions, errors: [], runtime }),
    getSkills: () => ({ skills: [], diagnostics: [] }),
    getPrompts: () => ({ prompts: [], diagnostics: [] }),
    getThemes: () => ({ themes: [], diagnostics: [] }),
    getAgentsFiles: () => ({ agentsFiles }),
    getSystemPrompt: () => PROMPT,
    getAppendSystemPrompt: () => [],
    extendResources() {},
    async reload() {},
  };
}
