import { constants } from "node:os";
import { SYSCALLS, type SyscallName } from "./syscalls.ts";

export const X86_64 = 0xc000_003e;

/** What the kernel would do with this call: "allow", "kill", or the name of the error. */
export function decide(program: Buffer, call: SyscallName | number, ...args: (number | bigint)[]): string {
  return run(program, X86_64, typeof call === "number" ? call : SYSCALLS[call], args);
}

/** The part of the kernel's machine that filters use; what the kernel would not load is thrown. */
export function run(program: Buffer, architecture: number, call: number, args: readonly (number | bigint)[]): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [at, arg] of args.entries()) data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(arg)), 16 + at * 8);
  const length = program.length / 8;
  let a = 0;
  for (let at = 0; ; ) {
    if (at >= length) throw new Error(`runs out of the program at ${at}`);
    const code = program.readUInt16LE(at * 8);
    const [whenTrue, whenFalse] = [program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)];
    const k = program.readUInt32LE(at * 8 + 4);
    at++;
    if (code === 0x20) a = data.readUInt32LE(aligned(k));
    else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) at += a === k ? whenTrue : whenFalse;
    else if (code === 0x25) at += a > k ? whenTrue : whenFalse;
    else if (code === 0x06) return action(k);
    else throw new Error(`unknown instruction ${code} at ${at - 1}`);
  }
}

function aligned(offset: number): number {
  if (offset % 4 !== 0) throw new Error(`load at ${offset}`);
  return offset;
}

function action(k: number): string {
  if (k === 0x7fff_0000) return "allow";
  if (k === 0x8000_0000) return "kill";
  const name = Object.entries(constants.errno).find(([, number]) => (0x0005_0000 | number) === k)?.[0];
  if (name === undefined) throw new Error(`unknown action ${k.toString(16)}`);
  return name;
}
