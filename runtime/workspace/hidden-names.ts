/**
 * Names of files that this runtime has in directories of tasks for a moment. Listings, changes and sums leave them out. They are
 * random, so that no task can give such a name to a file of its own to hide it.
 */
export const HIDDEN_NAMES = new Set<string>();
