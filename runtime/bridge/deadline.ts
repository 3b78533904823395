/**
 * Calls `expire` after a time, if there is one, unless the result is called before. A process that was stopped finds its timers overdue before
 * it has read what came in meanwhile; so the last word is given only after that was read.
 */
export function deadline(milliseconds: number | undefined, expire: () => void): () => void {
  if (milliseconds === undefined) return () => {};
  let last: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    last = setImmediate(() => {
      last = setImmediate(expire);
    });
  }, milliseconds);
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}
