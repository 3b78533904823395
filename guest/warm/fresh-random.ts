// Loaded into a process before its own program, so that a copy of the process, in a machine that was cloned from a template, draws
// other random values than its siblings. Nothing of what Node has drawn ahead may be given out afterwards:
// - a template lives in TEMPLATE_YEAR. A clone's clock is set before anything else is asked of it, and OpenSSL, which looks at the
//   clock with each draw, then takes fresh randomness from the kernel, whose own was renewed by the host;
// - what Node and V8 keep in stock themselves is not used.
import crypto, { randomBytes, type UUID } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { TEMPLATE_YEAR } from "../../runtime/protocol/template-year.ts";

const isInTemplate = () => new Date().getUTCFullYear() <= TEMPLATE_YEAR;

if (isInTemplate()) {
  const uuid = crypto.randomUUID;
  crypto.randomUUID = (): UUID => uuid({ disableEntropyCache: true });
  crypto.webcrypto.randomUUID = crypto.randomUUID;
  crypto.randomInt = randomInt as typeof crypto.randomInt;
  Math.random = seedLater();
  syncBuiltinESMExports();
}

/** `crypto.randomInt`, without its stock of bytes. */
function randomInt(...args: unknown[]): number | undefined {
  const callback = typeof args.at(-1) === "function" ? (args.pop() as (error: null, value: number) => void) : undefined;
  const [min, max] = (args.length > 1 ? args : [0, ...args]) as [number, number];
  const range = max - min;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || range <= 0 || range > 2 ** 48 - 1)
    throw new RangeError("randomInt takes whole numbers, the second greater by less than 2^48");
  const limit = 2 ** 48 - (2 ** 48 % range);
  let drawn = limit;
  while (drawn >= limit) drawn = randomBytes(6).readUIntBE(0, 6);
  const value = min + (drawn % range);
  if (callback === undefined) return value;
  setImmediate(callback, null, value);
  return undefined;
}

/** `Math.random` by xorshift128+, seeded at its first use outside of the template. */
function seedLater(): () => number {
  const original = Math.random;
  const state = new BigUint64Array(2);
  let isSeeded = false;
  return () => {
    if (!isSeeded) {
      if (isInTemplate()) return original();
      const bytes = randomBytes(16);
      state[0] = bytes.readBigUInt64LE(0) | 1n;
      state[1] = bytes.readBigUInt64LE(8);
      isSeeded = true;
    }
    let a = state[0] as bigint;
    const b = state[1] as bigint;
    a = BigInt.asUintN(64, a ^ (a << 23n));
    state[0] = b;
    state[1] = a ^ b ^ (a >> 17n) ^ (b >> 26n);
    return Number(BigInt.asUintN(64, (state[1] as bigint) + b) >> 11n) / 2 ** 53;
  };
}
