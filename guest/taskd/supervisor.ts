import { openBeneath } from "../../runtime/linux/open-beneath.ts";
import { PiworkError, toErrorBody } from "../../runtime/protocol/errors.ts";
import { History } from "../../runtime/protocol/history.ts";
import { LIMITS } from "../../runtime/protocol/limits.ts";
import { type Payload, PROTOCOL_VERSION, type Result } from "../../runtime/protocol/rpc.ts";
import type { Link } from "../link/link.ts";
import type { Outlet } from "../network/outlet.ts";
import { awaitMemory } from "../walls/group.ts";
import { runUnconfined } from "../walls/unconfined.ts";
import { AGENTS } from "./agent.ts";
import { TaskCommand } from "./command.ts";
import { diagnose } from "./diagnose.ts";
import { FILE_PATHS, filesOf, releaseFiles, settleFiles } from "./files/paths.ts";
import { wake } from "./kernel.ts";
import { PRIVATE_ROOT } from "./mounting.ts";
import type { Handlers } from "./requests.ts";
import { Slots } from "./slots.ts";
import { Task } from "./task.ts";

/**
 * Owns the tasks of this machine and answers every command of the wire. `port` is the path of the device that leads to the host;
 * `unsafe` says that the machine was started to be attacked.
 */
export function supervise(link: Link, outlet: Outlet, port: string, unsafe: boolean): Handlers {
  const tasks = new Map<string, Task>();
  const slots = new Slots(outlet);
  const rootCommands = new Map<string, TaskCommand>();
  const stopping = new Map<string, Promise<void>>();
  const history = new History();
  let active: Task | undefined;

  const find = (taskId: string): Task => {
    const task = tasks.get(taskId);
    if (task === undefined) throw new PiworkError("TASK_NOT_FOUND", "No task with this id is open in the machine.");
    return task;
  };

  /** Runs as the machine's root, outside the task; survives the task's stop. */
  const runAsRoot = async (request: Payload<"system_bash">, requestId: string): Promise<Result<"system_bash">> => {
    const command = new TaskCommand(runUnconfined(request.argv), request, requestId, link);
    rootCommands.set(requestId, command);
    return { ...(await command.finished.finally(() => rootCommands.delete(requestId))), outOfMemory: null };
  };

  const finishSwitch = async (task: Task, taskId: string, requestId: string): Promise<void> => {
    await link.emit(taskId, "task_switch_started", { requestId });
    try {
      await task.start();
      if (active === task) task.activate();
      await link.emit(taskId, "task_ready", { requestId, state: task.view.state });
    } catch (error) {
      const body = toErrorBody(error, "switching to the task");
      await link.emit(taskId, "task_error", { requestId, during: "switch", error: body });
    }
  };

  return {
    async runtime_hello({ protocol, files, afterSeq, time, entropy }) {
      if (protocol !== PROTOCOL_VERSION) {
        throw new PiworkError(
          "INVALID_REQUEST",
          `This machine speaks protocol ${PROTOCOL_VERSION}; rebuild the image to match the runtime.`,
        );
      }
      const after = link.resume(afterSeq);
      // Whatever draws a random value, or looks at the clock, does so after this.
      await wake(time, Buffer.from(entropy, "hex"));
      using _accepted = files === null ? null : await filesOf(files).accept(files);
      const result = { protocol: PROTOCOL_VERSION, capabilities: FILE_PATHS, agents: AGENTS, unsafe };
      return { result, after };
    },

    async runtime_warm({ agent, slots: count }) {
      return { result: { slots: await slots.warm(agent, count) } };
    },

    async runtime_prove({ agent }) {
      return { result: { version: await slots.prove(agent) } };
    },

    async runtime_unmount() {
      if (tasks.size > 0) throw new PiworkError("TASK_BUSY", "A task is open, and has its files there.");
      await releaseFiles();
      gc?.({ type: "minor" }); // what is left over by now would be cleared away by every clone
      return { result: {} };
    },

    async runtime_settle() {
      await settleFiles();
      let processes = 0;
      for (const task of tasks.values()) processes += task.processes;
      return { result: { processes } };
    },

    async create_or_open_task(request) {
      const { taskId, files } = request;
      using _accepted = await filesOf(files).accept(files);
      await awaitMemory(request.memoryBytes);
      // One that is being stopped is opened anew once it is gone.
      await stopping.get(taskId);
      const known = tasks.get(taskId);
      if (known === undefined && tasks.size >= LIMITS.tasksPerTaskd) {
        throw new PiworkError("LIMIT_EXCEEDED", `This machine holds ${LIMITS.tasksPerTaskd} tasks; stop one first.`);
      }
      const task = known ?? new Task(request, slots, link, history);
      tasks.set(taskId, task);
      try {
        await task.open(request);
      } catch (error) {
        // One that never came up would only take a place.
        if (
          known === undefined &&
          task.conversation.agent === undefined &&
          tasks.get(taskId) === task &&
          !stopping.has(taskId)
        ) {
          tasks.delete(taskId);
          await task.discard();
        }
        throw error;
      }
      return { result: task.view };
    },

    switch_task({ taskId }, requestId) {
      const task = find(taskId);
      if (active !== task) active?.deactivate();
      active = task;
      return { result: task.view, after: () => void finishSwitch(task, taskId, requestId) };
    },

    prompt({ taskId, message }, requestId) {
      return { result: {}, after: find(taskId).accept(requestId, message) };
    },

    async steer({ taskId, message, when }) {
      await find(taskId).conversation.steer(message, when);
      return { result: {} };
    },

    abort({ taskId, request }) {
      const asRoot = request === undefined ? undefined : rootCommands.get(request);
      asRoot?.kill();
      return { result: { aborted: asRoot !== undefined || find(taskId).abort(request) } };
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
      const { taskId, unconfined, without } = request;
      if ((unconfined || without !== undefined) && !unsafe)
        throw new PiworkError("WORKSPACE_POLICY_VIOLATION", "Commands of this machine run inside the walls of a task.");
      if (unconfined) return { result: await runAsRoot(request, requestId) };
      using root = without === undefined ? undefined : openBeneath(PRIVATE_ROOT, []);
      const sabotage = root && without && { without, leak: root.fd };
      return { result: await find(taskId).exec(requestId, request, sabotage) };
    },

    extension_ui_response({ taskId, question, answer }) {
      find(taskId).conversation.answer(question, answer);
      return { result: {} };
    },

    async pi_get_available_models({ taskId }) {
      return { result: await find(taskId).conversation.models() };
    },

    async pi_set_model({ taskId, model }) {
      await find(taskId).setModel(model);
      return { result: { model } };
    },

    async pi_set_thinking({ taskId, level }) {
      return { result: { level: await find(taskId).setThinking(level) } };
    },

    task_permissions({ taskId, permissions }) {
      find(taskId).setPermissions(permissions);
      return { result: {} };
    },

    runtime_get_state({ taskId }) {
      const activeTaskId = active?.view.taskId ?? null;
      if (taskId === undefined)
        return { result: { activeTaskId, tasks: [...tasks.values()].map((task) => task.view) } };
      const task = find(taskId);
      return { result: { activeTaskId, tasks: [{ ...task.view, questions: task.conversation.questions }] } };
    },

    async runtime_diag() {
      const walls = [];
      for (const task of tasks.values())
        walls.push({ taskId: task.view.taskId, layers: (await task.conversation.agent?.layers()) ?? [] });
      return { result: diagnose(port, { events: link.counts, history: history.last, walls }) };
    },
  };
}
