const CLEANUPS = new Set<() => void>();

/** What must not outlive this process, however it ends, the last first; gives the function that takes it off the list. */
export function atExit(cleanup: () => void): () => void {
  if (CLEANUPS.size === 0 && !process.listeners("exit").includes(runCleanups)) {
    process.on("exit", runCleanups);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        console.error("interrupted; what was seen so far is below tmp/dev/runs");
        process.exit(130);
      });
    }
  }
  CLEANUPS.add(cleanup);
  return () => void CLEANUPS.delete(cleanup);
}

function runCleanups(): void {
  for (const cleanup of [...CLEANUPS].reverse()) {
    try {
      cleanup();
    } catch (error) {
      console.error("putting something away failed:", error); // the others still are
    }
  }
}
