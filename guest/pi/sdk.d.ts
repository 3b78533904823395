// What we use of pi's SDK. The image is built with pi itself; that it still has all of this is tried when a template is made.

declare module "pi/core/agent-session.js" {
  export interface SessionEvent {
    type: string;
    [field: string]: unknown;
  }
  export interface PromptOptions {
    preflightResult?: (worked: boolean) => void;
  }
  export interface AgentSession {
    readonly agent: { waitForIdle(): Promise<void>; hasQueuedMessages(): boolean; continue(): Promise<void> };
    readonly modelRegistry: { getAvailable(): readonly object[] };
    readonly isStreaming: boolean;
    readonly isCompacting: boolean;
    readonly isRetrying: boolean;
    prompt(text: string, options?: PromptOptions): Promise<void>;
    abort(): Promise<void>;
    abortCompaction(): void;
    clearQueue(): unknown;
    dispose(): void;
    subscribe(listener: (event: SessionEvent) => void): () => void;
  }
}

declare module "pi/core/agent-session-runtime.js" {
  import type { AgentSession } from "pi/core/agent-session.js";
  import type { SessionManager } from "pi/core/session-manager.js";
  export interface RuntimeOptions {
    cwd: string;
    agentDir: string;
    sessionManager: SessionManager;
    sessionStartEvent?: object;
  }
  export interface RuntimeParts {
    session: AgentSession;
    services: object;
    diagnostics: readonly object[];
  }
  export interface AgentSessionRuntime {
    switchSession(path: string, options?: { cwdOverride?: string }): Promise<{ cancelled: boolean }>;
    newSession(): Promise<{ cancelled: boolean }>;
  }
  export function createAgentSessionRuntime(
    make: (options: RuntimeOptions) => Promise<RuntimeParts>,
    options: RuntimeOptions,
  ): Promise<AgentSessionRuntime>;
}

declare module "pi/core/sdk.js" {
  import type { AgentSession } from "pi/core/agent-session.js";
  export function createAgentSession(options: object): Promise<{ session: AgentSession }>;
}

declare module "pi/core/auth-storage.js" {
  export const AuthStorage: { inMemory(): object };
}

declare module "pi/core/model-registry.js" {
  export interface ModelRegistry {
    registerProvider(name: string, provider: object): void;
  }
  export const ModelRegistry: { inMemory(auth: object): ModelRegistry };
}

declare module "pi/core/session-manager.js" {
  export interface SessionManager {
    getCwd(): string;
  }
  export const SessionManager: { inMemory(cwd: string): SessionManager };
}

declare module "pi/core/settings-manager.js" {
  export const SettingsManager: { inMemory(settings: object): object };
}

declare module "pi/core/event-bus.js" {
  export function createEventBus(): object;
}

declare module "pi/core/output-guard.js" {
  export function writeRawStdout(text: string): void;
}

declare module "pi/core/extensions/loader.js" {
  export interface ToolCall {
    toolName: string;
    input: Record<string, unknown>;
  }
  export interface ToolResult {
    content: object[];
  }
  export interface Context {
    readonly signal: AbortSignal | undefined;
    readonly ui: {
      select(title: string, options: readonly string[], how: { signal?: AbortSignal }): Promise<string | undefined>;
    };
  }
  export interface ExtensionApi {
    on(
      event: "tool_call",
      handler: (event: ToolCall, context: Context) => Promise<{ block: true; reason: string } | undefined>,
    ): void;
    on(event: "tool_result", handler: (event: ToolResult) => { content: ToolResult["content"] } | undefined): void;
    on(event: "before_agent_start", handler: (event: { systemPrompt: string }) => { systemPrompt: string }): void;
  }
  export function createExtensionRuntime(): object;
  export function loadExtensionFromFactory(
    factory: (api: ExtensionApi) => void,
    cwd: string,
    bus: object,
    runtime: object,
    name: string,
  ): Promise<object>;
}

declare module "pi/modes/rpc/rpc-mode.js" {
  import type { AgentSessionRuntime } from "pi/core/agent-session-runtime.js";
  export function runRpcMode(runtime: AgentSessionRuntime): Promise<never>;
}
