import { HARMLESS_MODES } from "../../runtime/linux/harmless-modes.ts";
import { assemble, deny, hasAny, is, isNot } from "../../runtime/linux/seccomp.ts";

/** Every CLONE_NEW* but that of time, whose bit means something else to `clone`. */
const NEW_NAMESPACE = 0x7e02_0000;
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c];
const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16];
const NETLINK_ROUTE = 0;
/** whatever the type means, ICMP, TCP, UDP, ICMPv6 */
const INTERNET = [0, 1, 6, 17, 58];
const [PER_LINUX, PER_QUERY, ADDR_NO_RANDOMIZE] = [0, 0xffff_ffff, 0x0004_0000];

/** The filter around a task: what only an administrator needs, or has been a way into kernels more often than it was needed. */
export function taskSyscalls(): Buffer {
  return assemble([
    // what is mounted where, and namespaces in which a task would be root
    ...deny("EPERM", ["mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "mount_setattr"]),
    ...deny("EPERM", ["fsopen", "fsconfig", "fsmount", "fspick", "unshare", "setns"]),
    ...deny("EPERM", ["clone"], hasAny(0, NEW_NAMESPACE)),
    // Its flags are in memory, out of a filter's sight; with this error a C library takes `clone`.
    ...deny("ENOSYS", ["clone3"]),
    // large parts of the kernel that a task can do without
    ...deny("EPERM", ["keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "modify_ldt"]),
    ...deny("EPERM", ["io_uring_setup", "io_uring_enter", "io_uring_register", "fanotify_init", "kcmp"]),
    ...deny("EPERM", ["open_by_handle_at", "lookup_dcookie", "quotactl", "quotactl_fd"]),
    ...deny("EPERM", ["personality"], isNot(0, PER_LINUX), isNot(0, PER_QUERY), isNot(0, ADDR_NO_RANDOMIZE)),
    ...deny("EAFNOSUPPORT", ["socket"], ...[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].map((family) => isNot(0, family))),
    // Messages of netlink between processes are memory that no control group counts; routes are asked for by everybody.
    ...deny("EPROTONOSUPPORT", ["socket"], is(0, AF_NETLINK), isNot(2, NETLINK_ROUTE)),
    ...[AF_INET, AF_INET6].flatMap((family) =>
      deny("EPROTONOSUPPORT", ["socket"], is(0, family), ...INTERNET.map((protocol) => isNot(2, protocol))),
    ),
    // words into somebody's terminal
    ...[TIOCSTI, TIOCLINUX].flatMap((request) => deny("EPERM", ["ioctl"], is(1, request))),
    // the machine itself
    ...deny("EPERM", ["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot"]),
    ...deny("EPERM", ["swapon", "swapoff", "sethostname", "setdomainname", "acct", "syslog", "vhangup"]),
    ...deny("EPERM", ["settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm"]),
    ...HARMLESS_MODES,
  ]);
}
