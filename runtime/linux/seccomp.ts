import { constants } from "node:os";
import { NEWEST_SYSCALL, SYSCALLS, type SyscallName } from "./syscalls.ts";

/**
 * A question about one argument, under a mask. The mask must not be wider than what the kernel looks at: of an `int` it
 * ignores the upper 32 bits, and whoever compared them would be fooled by rubbish in them.
 */
export interface Condition {
  arg: 0 | 1 | 2 | 3 | 4 | 5;
  mask: bigint;
  value: bigint;
  /** whether `(argument & mask) == value` must be true, or must be false */
  equal: boolean;
}

/** One system call that is refused, always or where every condition holds. */
export interface Rule {
  syscall: SyscallName;
  errno: keyof typeof constants.errno;
  when: readonly Condition[];
}

const INT = 0xffff_ffffn;

/** The argument, an `int`, has this value in the bits of the mask. */
export function is(arg: Condition["arg"], value: number, mask = INT): Condition {
  return { arg, mask, value: BigInt(value), equal: true };
}

/** The argument, an `int`, has another value. */
export function isNot(arg: Condition["arg"], value: number): Condition {
  return { arg, mask: INT, value: BigInt(value), equal: false };
}

/** The argument has at least one of these bits. */
export function hasAny(arg: Condition["arg"], bits: number | bigint): Condition {
  return { arg, mask: BigInt(bits), value: 0n, equal: false };
}

/** Refuses each of these calls where all the conditions hold. */
export function deny(errno: Rule["errno"], syscalls: readonly SyscallName[], ...when: readonly Condition[]): Rule[] {
  return syscalls.map((syscall) => ({ syscall, errno, when }));
}

const AUDIT_ARCH_X86_64 = 0xc000_003e;
const KILL_PROCESS = 0x8000_0000;
const ERRNO = 0x0005_0000;
const ALLOW = 0x7fff_0000;
/** Instructions the kernel takes in one program. */
const LONGEST = 4096;

/** Where the kernel puts what a filter may ask about, in bytes. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENTS = 16;

const load = (offset: number) => instruction(0x20, offset);
const and = (mask: number) => instruction(0x54, mask);
const give = (action: number) => instruction(0x06, action);
const jump = (over: number) => instruction(0x05, over);
const error = (name: Rule["errno"]) => give(ERRNO | constants.errno[name]);
/**
 * Conditional jumps reach 255 instructions, plain ones any number. So a condition only ever decides whether the one
 * instruction behind it is run, and that may be a plain jump.
 */
const skipOneIfEqual = (value: number) => instruction(0x15, value, 1, 0);
const skipOneUnlessGreater = (value: number) => instruction(0x25, value, 0, 1);

/** Linux's `struct sock_filter`. */
function instruction(code: number, k: number, whenTrue = 0, whenFalse = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(whenTrue, 2);
  bytes.writeUInt8(whenFalse, 3);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}

/**
 * A program for the kernel's seccomp filter on x86-64 that refuses what the rules say and allows everything else that is known.
 */
export function assemble(rules: readonly Rule[]): Buffer {
  const bySyscall = new Map<SyscallName, Rule[]>();
  for (const rule of rules) bySyscall.set(rule.syscall, [...(bySyscall.get(rule.syscall) ?? []), rule]);
  const program = [
    load(ARCHITECTURE),
    // Numbers of another architecture mean other calls.
    skipOneIfEqual(AUDIT_ARCH_X86_64),
    give(KILL_PROCESS),
    load(NUMBER),
    // Those of x32 begin at 0x40000000, so they are refused with the ones nobody has judged.
    skipOneUnlessGreater(NEWEST_SYSCALL),
    error("ENOSYS"),
    ...[...bySyscall].flatMap(([syscall, its]) => {
      const block = [...its.flatMap(refuse), give(ALLOW)];
      return [skipOneIfEqual(SYSCALLS[syscall]), jump(block.length), ...block];
    }),
    give(ALLOW),
  ];
  if (program.length > LONGEST)
    throw new Error(`a filter of ${program.length} instructions is too long for the kernel`);
  return Buffer.concat(program);
}

/** Refuses the call, or goes on behind the last instruction where a condition does not hold. */
function refuse({ errno, when }: Rule): Buffer[] {
  return when.reduceRight((rest, condition) => test(condition, rest.length).concat(rest), [error(errno)]);
}

/** Goes on to the next instruction where the condition holds, and jumps over `otherwise` more where it does not. */
function test({ arg, mask, value, equal }: Condition, otherwise: number): Buffer[] {
  if (mask === 0n || (value & ~mask) !== 0n) throw new Error(`no argument & ${mask} can decide about ${value}`);
  // The machine knows 32 bits. The half that differs decides; where the mask has no bit, none can.
  const halves = [
    { offset: ARGUMENTS + 8 * arg, shift: 0n },
    { offset: ARGUMENTS + 8 * arg + 4, shift: 32n },
  ]
    .map(({ offset, shift }) => ({ offset, mask: half(mask, shift), value: half(value, shift) }))
    .filter((it) => it.mask !== 0);
  const allEqual = equal ? [] : [jump(otherwise)];
  return halves.reduceRight((rest, it) => {
    const over = rest.length + (equal ? otherwise : 0);
    return [load(it.offset), and(it.mask), skipOneIfEqual(it.value), jump(over)].concat(rest);
  }, allEqual);
}

function half(value: bigint, shift: bigint): number {
  return Number((value >> shift) & 0xffff_ffffn);
}
