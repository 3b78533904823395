import "./environment.ts";
import {
  type AgentSessionRuntime,
  createAgentSessionRuntime,
  type RuntimeOptions,
  type RuntimeParts,
} from "pi/core/agent-session-runtime.js";
import { AuthStorage } from "pi/core/auth-storage.js";
import { ModelRegistry } from "pi/core/model-registry.js";
import { writeRawStdout } from "pi/core/output-guard.js";
import { createAgentSession } from "pi/core/sdk.js";
import { SessionManager } from "pi/core/session-manager.js";
import { SettingsManager } from "pi/core/settings-manager.js";
import { runRpcMode } from "pi/modes/rpc/rpc-mode.js";
import { SESSION_IN_SANDBOX } from "../../runtime/protocol/in-sandbox.ts";
import { describeFacts, readFacts } from "./facts.ts";
import { guardTools } from "./gate.ts";
import { tellOfMemory } from "./memory.ts";
import { describeProvider, readProviders } from "./models.ts";
import { type RehearsalProvider, rehearse } from "./rehearsal.ts";
import { findResources } from "./resources.ts";
import { assertWhole } from "./session-file.ts";
import { saySettled } from "./settled.ts";

/**
 * pi behind a task's walls. It waits outside of /work, over which a folder is mounted later, and works in it. Nothing of it is kept
 * but the session: settings live in memory, and models come from taskd, so that no task has anything of another.
 */
const WORK = "/work";
const AGENT_DIRECTORY = "/home/task/.pi/agent";

const say = (message: object) => writeRawStdout(`${JSON.stringify(message)}\n`);

/** `rehearsal`: a provider to rehearse with, in place of the task's; then nobody is told anything. */
async function makeSession(
  { sessionManager, sessionStartEvent }: RuntimeOptions,
  rehearsal?: RehearsalProvider,
): Promise<RuntimeParts> {
  const authStorage = AuthStorage.inMemory();
  // Not from a file of pi's own: looking through one by its schema takes as long as all the rest.
  const modelRegistry = ModelRegistry.inMemory(authStorage);
  for (const provider of readProviders()) modelRegistry.registerProvider(provider.name, describeProvider(provider));
  if (rehearsal !== undefined) modelRegistry.registerProvider("rehearsal", rehearsal);
  const services = {
    cwd: WORK,
    agentDir: AGENT_DIRECTORY,
    authStorage,
    settingsManager: SettingsManager.inMemory({}),
    modelRegistry,
    resourceLoader: await findResources(WORK, (api) => {
      api.on("before_agent_start", ({ systemPrompt }) => ({ systemPrompt: systemPrompt + describeFacts(readFacts()) }));
      guardTools(api, readFacts);
      tellOfMemory(api, readFacts);
    }),
    diagnostics: [],
  };
  const { session } = await createAgentSession({ ...services, sessionManager, sessionStartEvent });
  saySettled(session, rehearsal === undefined ? say : () => {});
  return { session, services, diagnostics: [] };
}

/** Whatever a session file says, the task works in its folder; and a new session is in the file that taskd keeps. */
function keepToTask(runtime: AgentSessionRuntime): AgentSessionRuntime {
  const { switchSession } = runtime;
  runtime.switchSession = async (path) => {
    assertWhole(path);
    return switchSession.call(runtime, path, { cwdOverride: WORK });
  };
  runtime.newSession = () => runtime.switchSession(SESSION_IN_SANDBOX);
  return runtime;
}

const waiting = { cwd: WORK, agentDir: AGENT_DIRECTORY, sessionManager: SessionManager.inMemory(WORK) };
await rehearse(async (provider) => (await makeSession(waiting, provider)).session);
await runRpcMode(keepToTask(await createAgentSessionRuntime((options) => makeSession(options), waiting)));
