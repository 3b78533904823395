import type { Sandbox } from "./piwork.ts";

/** Stands for a runtime, a page or whatever else a suite opens, where only the ids of its checks are asked for. */
export function unopened<T>(): T {
  const nothing: unknown = new Proxy(() => {}, { get: () => nothing, apply: () => nothing });
  return nothing as T;
}

/** Stands for a sandbox, likewise: no directory has these names. */
export const UNOPENED_SANDBOX: Sandbox = {
  directory: "/unopened",
  state: "/unopened/state",
  workspace: "/unopened/workspace",
  logs: "/unopened/logs",
  words: [],
  [Symbol.dispose]() {},
};
