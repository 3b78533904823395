import { KernelCalls } from "../../runtime/linux/kernel-calls.ts";
import { Mounts } from "../../runtime/linux/mounts.ts";

const [SYS_OPEN, SYS_IOCTL, SYS_SYNC, SYS_CLOCK_SETTIME] = [2, 16, 162, 227];
const CLOCK_REALTIME = 0;
const O_WRONLY = 1;
const RNDADDENTROPY = 0x40085203;
const RNDRESEEDCRNG = 0x5207;

const kernel = new KernelCalls("taskd.kernel");
kernel.whenGone(() => {
  throw new Error("what calls the kernel for taskd ended");
});

export const mounts = new Mounts(kernel);

let randomness: Promise<number> | undefined;

/** Sets the clock, in milliseconds since the epoch, and gives the kernel randomness that no other machine has, to be used from now on. */
export async function wake(time: number, entropy: Buffer): Promise<void> {
  randomness ??= kernel.call(SYS_OPEN, "/dev/urandom", O_WRONLY);
  const device = await randomness;
  const seconds = Math.floor(time / 1000);
  const spec = Buffer.alloc(16);
  spec.writeUIntLE(seconds, 0, 6);
  spec.writeUIntLE((time - seconds * 1000) * 1e6, 8, 6);
  const head = Buffer.alloc(8);
  head.writeInt32LE(entropy.length * 8, 0); // bits
  head.writeInt32LE(entropy.length, 4); // bytes
  await kernel.sequence([
    [SYS_CLOCK_SETTIME, CLOCK_REALTIME, spec],
    [SYS_IOCTL, device, RNDADDENTROPY, Buffer.concat([head, entropy])],
    [SYS_IOCTL, device, RNDRESEEDCRNG, 0],
  ]);
}

/** Has everything that was written reach the host. */
export async function sync(): Promise<void> {
  await kernel.call(SYS_SYNC);
}
