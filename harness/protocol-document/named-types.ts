import * as z from "zod";
import { boundary } from "../../runtime/api/boundary.ts";
import { calls } from "../../runtime/api/control.ts";
import { conversation, turn } from "../../runtime/api/conversation.ts";
import { evidenceRun } from "../../runtime/api/evidence.ts";
import { area, changes, folderChoices, listing, planted, preview } from "../../runtime/api/files.ts";
import { machineAnswer } from "../../runtime/api/machine-answers.ts";
import { taskRecord } from "../../runtime/api/record.ts";
import { dialogAnswer, dialogQuestion } from "../../runtime/protocol/agent.ts";
import { errorBody } from "../../runtime/protocol/errors.ts";
import { runtimeEvent } from "../../runtime/protocol/events.ts";
import { innerPath, relativeFolder, requestId, taskId, title, uploadName } from "../../runtime/protocol/ids.ts";
import { agentKind, modelName } from "../../runtime/protocol/kinds.ts";
import { networkPolicy, networkRequest } from "../../runtime/protocol/network.ts";
import { providerView } from "../../runtime/protocol/providers.ts";
import { commands } from "../../runtime/protocol/rpc.ts";
import { machineState, taskState, transition } from "../../runtime/protocol/states.ts";
import { anchor } from "./markdown.ts";

const execOutput = runtimeEvent.options.find(({ shape }) => shape.event.value === "exec_output");
if (execOutput === undefined) throw new Error("there is no event exec_output");
const base64 = (execOutput.shape.payload as z.ZodObject).shape["data"] as z.ZodType;
const taskView = commands.switch_task.result;
const mountProof = commands.runtime_hello.payload.shape.mounts.element;
const taskRecordGrowth = taskRecord.shape.growth.unwrap();
const taskRecordUsage = taskRecordGrowth.shape.before.shape.kept;
const machineView = calls.status.output.shape.machines.element;

export const eventName = z.enum(runtimeEvent.options.map(({ shape }) => shape.event.value));

/** What a schema is called in a sentence, where a table of its own explains it. */
export const SMALL_TYPES: [name: string, schema: z.ZodType, meaning: string][] = [
  ["task id", taskId, "names a task; minted by the host"],
  ["request id", requestId, "names a request; chosen by whoever sends it"],
  ["title", title, "what a task is called"],
  ["folder path", relativeFolder, "a folder of the workspace"],
  ["inner path", innerPath, "a file or directory inside a task's directory"],
  ["area", area, "where a task has files; without a folder, `folder` means its outputs"],
  ["upload name", uploadName, "a file in a task's uploads"],
  ["agent", agentKind, "what runs as the agent"],
  ["model name", modelName, "a model as an agent names it"],
  ["task state", taskState, "see [states](#states)"],
  ["machine state", machineState, "see [states](#states)"],
  ["error code", errorBody.shape.code, "see [error codes](#error-codes)"],
  ["base64", base64, "bytes"],
  ["answer to a question", dialogAnswer, "a value for select, input and editor; a yes or no for confirm; or a refusal"],
];

/** The same for what needs a section. The last words say where in the sources its fields are explained. */
export const OBJECTS: [name: string, schema: z.ZodObject, meaning: string, file: string, ...path: string[]][] = [
  ["Task view", taskView, "A task as its taskd sees it.", "rpc", "taskView"],
  [
    "Mount proof",
    mountProof,
    "How the host proves a mount: it wrote a token into `file` of the share; taskd reads that file, and writes behind it what it read, and `reply`.",
    "rpc",
    "mountProof",
  ],
  ["Error", errorBody, "Why something was refused or has failed.", "errors", "errorBody"],
  ["Question", dialogQuestion, "What an agent asks.", "agent", "dialogQuestion"],
  ["Transition", transition, "One change of a task's or a machine's state.", "states", "transition"],
  [
    "Diagnosis",
    commands.runtime_diag.result,
    "The answer of `runtime_diag`.",
    "rpc",
    "commands",
    "runtime_diag",
    "result",
  ],
  ["Task record", taskRecord, "What the host knows of a task, as it stands in its file.", "record", "taskRecord"],
  ["Listing entry", listing.shape.entries.element, "One name in a directory of a task.", "files", "entry"],
  ["Listing", listing, "The answer of the call `task_files`.", "files", "listing"],
  ["Preview", preview, "The answer of the call `task_preview`.", "files", "preview"],
  [
    "Finding",
    planted.shape.findings.element,
    "One thing in a task's folder that is dangerous on the host.",
    "files",
    "finding",
  ],
  ["Planted", planted, "All of them that one look found.", "files", "planted"],
  [
    "Folder choices",
    folderChoices,
    "Directories of the workspace that a task could be given, one level of them.",
    "files",
    "folderChoices",
  ],
  ["Change", changes.shape.changes.element, "One name that is different in a task's folder.", "files", "change"],
  ["Changes", changes, "What is different in a task's folder since the task got it.", "files", "changes"],
  ["Boundary", boundary, "What a task can reach, and what keeps it from more.", "boundary", "boundary"],
  ["Turn", turn, "A prompt and what came of it.", "conversation", "turn"],
  ["Conversation", conversation, "What was said and done in a task.", "conversation", "conversation"],
  ["Evidence run", evidenceRun, "A run of a suite, as its evidence says.", "evidence", "evidenceRun"],
  ["Usage", taskRecordUsage, "What a directory tree holds.", "record", "usage"],
  ["Growth", taskRecordGrowth, "What a task has added is what its places hold now, less `before`.", "record", "growth"],
  ["Machine view", machineView, "A machine as the host sees it.", "control", "machineView"],
  [
    "Machine answer",
    machineAnswer,
    "What one machine says, and what the runtime believed in the same moment. A side that said nothing has the reason.",
    "machine-answers",
    "machineAnswer",
  ],
  ["Network rule", networkPolicy.shape.allow.element, "Where a task may go.", "network", "networkRule"],
  ["Network request", networkRequest, "One request of a task to its network.", "network", "networkRequest"],
  ["Provider", providerView, "What a task may know of a provider of models.", "providers", "providerView"],
  ["Provider's model", providerView.shape.models.element, "One of its models.", "providers", "providerModel"],
  ["Status", calls.status.output, "The answer of the call `status`.", "control", "statusView"],
];

/** The name of a type that has one, with a link where it has a section. */
export function nameOf(schema: z.ZodType): string | undefined {
  if (schema === runtimeEvent) return "[event](#events)";
  if (schema === eventName) return "the name of an [event](#events)";
  const small = SMALL_TYPES.find(([, known]) => known === schema);
  if (small !== undefined) return small[0];
  const object = OBJECTS.find(([, known]) => known === schema);
  return object && `[${object[0].toLowerCase()}](#${anchor(object[0])})`;
}
