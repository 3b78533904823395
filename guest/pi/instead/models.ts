/** In place of pi's list of the models of the world: a task has those that its providers have. */
export const MODELS = {};
