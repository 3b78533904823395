/**
 * Names of files that this runtime has in directories of tasks for a moment. Nobody is shown them, or finds them among what a task changed.
 * They are random, so that no task can give one to what it would hide.
 */
export const TRACES = new Set<string>();
