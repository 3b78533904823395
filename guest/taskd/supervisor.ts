import { PiworkError, toErrorBody } from "../../runtime/protocol/errors.ts";
import type { EventName, EventPayload } from "../../runtime/protocol/events.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { PROTOCOL_VERSION } from "../../runtime/protocol/rpc.ts";
import { AGENTS } from "./agent.ts";
import { diagnose } from "./diagnose.ts";
import type { Handlers } from "./requests.ts";
import { proveShare } from "./shares.ts";
import { Task } from "./task.ts";

export type Emit = <N extends EventName>(taskId: string | null, event: N, payload: EventPayload<N>) => Promise<void>;

/** Owns the tasks of this machine and answers every command of the wire. */
export function supervise(emit: Emit, port: string): Handlers {
  const tasks = new Map<string, Task>();
  const stopping = new Map<string, Promise<void>>();
  let active: Task | undefined;

  const find = (taskId: string): Task => {
    const task = tasks.get(taskId);
    if (task === undefined) throw new PiworkError("TASK_NOT_FOUND", "No task with this id is open in the machine.");
    return task;
  };

  const finishSwitch = async (task: Task, taskId: string, requestId: string): Promise<void> => {
    await emit(taskId, "task_switch_started", { requestId });
    try {
      await task.open();
      if (active === task) task.activate();
      await emit(taskId, "task_ready", { requestId, state: task.view.state });
    } catch (error) {
      await emit(taskId, "task_error", {
        requestId,
        during: "switch",
        error: toErrorBody(error, "switching to the task"),
      });
    }
  };

  return {
    async runtime_hello({ protocol, mounts }) {
      if (protocol !== PROTOCOL_VERSION) {
        throw new PiworkError(
          "INVALID_REQUEST",
          `This machine speaks protocol ${PROTOCOL_VERSION}; rebuild the image to match the runtime.`,
        );
      }
      const proofs = [];
      for (const mount of mounts) proofs.push(await proveShare(mount));
      return { result: { protocol: PROTOCOL_VERSION, capabilities: ["share"], agents: AGENTS, mounts: proofs } };
    },

    async create_or_open_task(request) {
      // One that is being stopped is opened anew once it is gone.
      await stopping.get(request.taskId);
      const known = tasks.get(request.taskId);
      known?.assertSame(request);
      if (known === undefined && tasks.size >= LIMITS.tasksPerTaskd) {
        throw new PiworkError("LIMIT_EXCEEDED", `This machine holds ${LIMITS.tasksPerTaskd} tasks; stop one first.`);
      }
      const task = known ?? new Task(request, (event, payload) => emit(request.taskId, event, payload));
      tasks.set(request.taskId, task);
      await task.open();
      return { result: task.view };
    },

    switch_task({ taskId }, requestId) {
      const task = find(taskId);
      if (active !== task) active?.deactivate();
      active = task;
      return { result: task.view, after: () => void finishSwitch(task, taskId, requestId) };
    },

    prompt({ taskId, message }, requestId) {
      return { result: {}, after: find(taskId).acceptPrompt(requestId, message) };
    },

    async abort({ taskId, request }) {
      return { result: { aborted: await find(taskId).abort(request) } };
    },

    async stop_task({ taskId }) {
      const task = find(taskId);
      const underway = stopping.get(taskId);
      if (underway !== undefined) {
        await underway;
        return { result: task.view };
      }
      const stopped = task.stop().finally(() => {
        if (active === task) active = undefined;
        tasks.delete(taskId);
        stopping.delete(taskId);
      });
      stopping.set(
        taskId,
        stopped.catch(() => {}),
      );
      await stopped;
      return { result: task.view };
    },

    async system_bash(request, requestId) {
      return { result: await find(request.taskId).exec(requestId, request) };
    },

    runtime_get_state() {
      return {
        result: { activeTaskId: active?.view.taskId ?? null, tasks: [...tasks.values()].map((task) => task.view) },
      };
    },

    runtime_diag() {
      return { result: diagnose(port) };
    },
  };
}
