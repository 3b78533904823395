import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../runtime/linux/seccomp.fixture.ts";
import type { SyscallName } from "../../runtime/linux/syscalls.ts";
import { taskSyscalls } from "./task-syscalls.ts";

const program = taskSyscalls();

test("what needs no look at its arguments", () => {
  const denied =
    "mount umount2 pivot_root open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr unshare setns keyctl add_key request_key bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex iopl ioperm acct quotactl quotactl_fd lookup_dcookie open_by_handle_at syslog vhangup chroot fanotify_init kcmp modify_ldt";
  for (const call of denied.split(" ")) assert.equal(decide(program, call as SyscallName), "EPERM", call);
  for (const call of ["clone3", "openat2", "fchmodat2"] as const) assert.equal(decide(program, call), "ENOSYS", call);
});

test("ordinary calls: read, write, mmap, execve, wait4, kill, rename, mkdir, getrandom", () => {
  for (const call of [0, 1, 9, 59, 61, 62, 82, 83, 318])
    assert.equal(decide(program, call, 0o6777, 0o6777, 0o6777), "allow");
});

const RUBBISH = 1n << 40n;
const cases: [what: string, call: SyscallName, args: (number | bigint)[], expected: string][] = [
  ["fork", "clone", [0x0120_0011], "allow"],
  ["a thread", "clone", [0x003d_0f00], "allow"],
  ["a user namespace", "clone", [0x1000_0011], "EPERM"],
  ["a mount namespace", "clone", [0x0002_0011], "EPERM"],
  ["a cgroup namespace", "clone", [0x0200_0011], "EPERM"],
  ["a network namespace, with rubbish above", "clone", [RUBBISH | 0x4000_0011n], "EPERM"],
  ["Linux", "personality", [0], "allow"],
  ["which one", "personality", [0xffff_ffff], "allow"],
  ["which one, sign extended", "personality", [-1], "allow"],
  ["without randomness, as debuggers do", "personality", [0x0004_0000], "allow"],
  ["mappings that can be read are executed", "personality", [0x0040_0000], "EPERM"],
  ["the size of a terminal", "ioctl", [0, 0x5413], "allow"],
  ["TIOCSTI", "ioctl", [0, 0x5412], "EPERM"],
  ["TIOCSTI with rubbish above", "ioctl", [0, RUBBISH | 0x5412n], "EPERM"],
  ["TIOCLINUX", "ioctl", [0, 0x541c], "EPERM"],
  ...[1, 2, 10, 16].map((family): [string, SyscallName, number[], string] => [
    `family ${family}`,
    "socket",
    [family, 1, 0],
    "allow",
  ]),
  // AX.25, packets, Bluetooth, AF_ALG, vsock, XDP
  ...[0, 3, 17, 31, 38, 40, 44].map((family): [string, SyscallName, number[], string] => [
    `family ${family}`,
    "socket",
    [family, 1, 0],
    "EAFNOSUPPORT",
  ]),
  ["routes", "socket", [16, 3, 0], "allow"],
  ["messages between processes", "socket", [16, 3, 2], "EPROTONOSUPPORT"],
  ["TCP", "socket", [2, 1, 6], "allow"],
  ["SCTP", "socket", [2, 1, 132], "EPROTONOSUPPORT"],
  ["MPTCP by IPv6", "socket", [10, 1, 262], "EPROTONOSUPPORT"],
  ["a set-user-id file", "chmod", [0, 0o4755], "EPERM"],
];
for (const [what, call, args, expected] of cases) {
  test(`${call}, ${what}: ${expected}`, () => assert.equal(decide(program, call, ...args), expected));
}
