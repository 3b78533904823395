import { deny, hasAny, is, type Rule } from "./seccomp.ts";

const SET_ID = 0o6000;
const TYPE = 0o170000n;
const [CHARACTER, BLOCK] = [0o020000, 0o060000];
/** O_CREAT and the bit of O_TMPFILE that is its own: without them `open` ignores the mode. */
const CREATES = 0o20000100;

/**
 * No file with a set-id bit and no device node comes into being. `mkdir` is not among them: the kernel takes no such bit from
 * it, and in a directory with the set-group-id bit it sets the bit itself.
 */
export const HARMLESS_MODES: readonly Rule[] = [
  ...deny("EPERM", ["chmod", "fchmod", "creat"], hasAny(1, SET_ID)),
  ...deny("EPERM", ["fchmodat"], hasAny(2, SET_ID)),
  ...deny("EPERM", ["open"], hasAny(1, CREATES), hasAny(2, SET_ID)),
  ...deny("EPERM", ["openat"], hasAny(2, CREATES), hasAny(3, SET_ID)),
  ...[hasAny(1, SET_ID), is(1, CHARACTER, TYPE), is(1, BLOCK, TYPE)].flatMap((mode) => deny("EPERM", ["mknod"], mode)),
  ...[hasAny(2, SET_ID), is(2, CHARACTER, TYPE), is(2, BLOCK, TYPE)].flatMap((mode) =>
    deny("EPERM", ["mknodat"], mode),
  ),
  // A mode in memory is out of a filter's sight. With this error a C library takes the older call.
  ...deny("ENOSYS", ["openat2", "fchmodat2"]),
];
