import { NETWORK_DEVICE } from "../protocol/network-frames.ts";
import { TASKD_PORT } from "../protocol/rpc.ts";
import { TEMPLATE_YEAR } from "../protocol/template-year.ts";
import { optionValue } from "../workspace/qemu-option.ts";
import type { MachinePaths } from "./walls.ts";

export type Accelerator = "kvm" | "tcg";

export interface MachineShape {
  accelerator: Accelerator;
  /** memory of the guest, in MiB */
  memoryMb: number;
  /** how much can be added later, in MiB; without it, none */
  addableMb?: number;
  /** words for the devices that give tasks their files; see workspace/ */
  fileDevices: readonly string[];
  /** words added to the kernel's command line */
  kernelWords: readonly string[];
  /** programs are loaded at the same addresses each time, see fixed-addresses.ts */
  fixedAddresses: boolean;
  /** whether its memory becomes that of a template, or is a copy of one's; without it, the machine has memory of its own */
  memory?: "template" | "clone" | undefined;
}

/**
 * Where a processor is emulated, code costs most when it runs for the first time, in each clone anew. So the kernel neither measures
 * pressure nor checks one clock by another.
 */
const EMULATED_WORDS = ["psi=0", "tsc=nowatchdog"];

/** Memory that is added is used at once. Its addresses are high, for which the kernel would keep 64 MiB that no device here needs. */
const ADDABLE_WORDS = ["memhp_default_state=online", "swiotlb=noforce"];

/** Descriptors that QEMU inherits where its memory is a template's: the memory, and in a clone what else was saved. */
const MEMORY_FD = 6;
export const STATE_FD = 7;

/** The QEMU command line of a machine. Pure: the same shape gives the same words. The paths are those that QEMU sees. */
export function qemuArguments(shape: MachineShape, { image, sockets }: MachinePaths): string[] {
  const { addableMb = 0 } = shape;
  return [
    ["-nodefaults", "-no-user-config", "-no-reboot"],
    ["-display", "none"],
    ["-nic", "none"],
    // Everything QEMU's own seccomp filter can deny. Saving a machine must therefore go through a descriptor, not a command.
    ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    [
      "-machine",
      `q35,usb=off,smbus=off,sata=off,vmport=off${shape.memory === undefined ? "" : ",memory-backend=memory"}`,
    ],
    memoryWords(shape),
    shape.accelerator === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg", "-cpu", "max"],
    ["-smp", "1"],
    // One place where memory can be added while the machine runs, for a task that may use more.
    ["-m", `${shape.memoryMb}M${addableMb === 0 ? "" : `,slots=1,maxmem=${shape.memoryMb + addableMb}M`}`],
    // A clone has its kernel in its memory.
    shape.memory === "clone" ? [] : kernelWords(shape, image),
    ["-blockdev", `driver=file,node-name=root,filename=${optionValue(image)}/root.erofs,read-only=on,locking=off`],
    ["-device", "virtio-blk-pci,drive=root"],
    ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    ["-chardev", `socket,id=qmp,path=${optionValue(sockets)}/qmp.sock,server=on,wait=off`],
    ["-mon", "chardev=qmp,mode=control"],
    ["-device", "virtio-serial-pci"],
    ["-chardev", `socket,id=taskd,path=${optionValue(sockets)}/taskd.sock,server=on,wait=off`],
    ["-device", `virtserialport,chardev=taskd,name=${TASKD_PORT}`],
    ["-chardev", `socket,id=network,path=${optionValue(sockets)}/network.sock,server=on,wait=off`],
    ["-device", `virtserialport,chardev=network,name=${NETWORK_DEVICE}`],
    shape.fileDevices,
  ].flat();
}

function kernelWords(shape: MachineShape, image: string): string[] {
  const emulated = shape.accelerator === "tcg" ? EMULATED_WORDS : [];
  const addresses = shape.fixedAddresses ? ["norandmaps"] : [];
  const console = ["console=ttyS0", "quiet", "loglevel=4", "panic=-1"];
  const words = [...console, ...ADDABLE_WORDS, ...emulated, ...addresses, ...shape.kernelWords];
  return [
    ["-kernel", `${image}/vmlinux`],
    ["-initrd", `${image}/initramfs.cpio`],
    ["-append", words.join(" ")],
  ].flat();
}

function memoryWords({ memory, memoryMb }: MachineShape): string[] {
  if (memory === undefined) return [];
  const file = `memory-backend-file,id=memory,size=${memoryMb}M,mem-path=/proc/self/fd/${MEMORY_FD}`;
  // What a clone writes is its own; the file stays as it is.
  if (memory === "clone") return ["-object", `${file},share=off`, "-incoming", "defer"];
  return ["-object", `${file},share=on`, "-rtc", `base=${TEMPLATE_YEAR}-01-01T00:00:00`];
}
