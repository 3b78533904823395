/** What a task may add to its folder on runtimes that are there to be attacked; small enough to be reached within seconds. */
export const SMALL_QUOTA = { bytes: 512 * 1024 * 1024, entries: 20_000 };

/** What all processes of such a task may use, in bytes. */
export const SMALL_MEMORY_BYTES = 512 * 1024 * 1024;
