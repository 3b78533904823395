import { once } from "node:events";
import { $ } from "zx";

/**
 * Takes the descriptor of a link out of a process and says something on it, in the place of that process: as if the runtime had a
 * mistake in it, or a machine did. Reads what to say from its input.
 */
const SAY = String.raw`
use Socket;
my ($pid, $socket, $peer, $asked) = @ARGV;
my $handle = syscall(434, $pid + 0, 0);
die "pidfd_open: $!" if $handle < 0;
$| = 1;
print "ready\n";
my @words = <STDIN>;
for my $file (glob("/proc/$pid/fd/*")) {
  my ($number) = $file =~ /(\d+)$/;
  next unless (readlink($file) // "") =~ /^socket:/;
  my $own = syscall(438, $handle, $number + 0, 0);
  next if $own < 0;
  open(my $link, "+<&=", $own) or next;
  next unless defined getpeername($link);
  my $end = $peer ? getpeername($link) : getsockname($link);
  next unless sockaddr_family($end) == AF_UNIX && (unpack_sockaddr_un($end) // "") =~ m{/\Q$socket\E$};
  next if $peer && unpack("i", getsockopt($link, SOL_SOCKET, 17)) != $peer;
  END { kill CONT => $pid if $asked }
  kill STOP => $pid if $asked;
  for (@words) { syswrite($link, $_) == length($_) or die "it did not take all: $!" }
  exit 0 unless $asked;
  for (1 .. 2000) {
    recv($link, my $said, 1 << 21, MSG_PEEK) // "";
    if ($said =~ /"id":"\Q$asked\E"[^\n]*\n/) {
      for (my $left = $+[0]; $left > 0;) { $left -= sysread($link, my $gone, $left) || die "the answer cannot be taken: $!" }
      exit 0;
    }
    select(undef, undef, undef, 0.01);
  }
  die "no answer came";
}
die "process $pid has no such link";
`;

/** Says a line to a QEMU, in the runtime's own words and on its own link. */
export async function sayAsRuntime(runtime: number, qemu: number, line: object): Promise<void> {
  await say([`${runtime}`, "qmp.sock", `${qemu}`], line);
}

/**
 * Asks the taskd behind a QEMU for something, likewise, right after `wake`: it must not be paused. The runtime stands still until the
 * answer was taken away, with what came before it: to an answer that it did not ask for it would end the machine.
 */
export async function askAsRuntime(
  runtime: number,
  qemu: number,
  request: { id: string },
  wake: () => Promise<unknown>,
): Promise<void> {
  await say([`${runtime}`, "taskd.sock", `${qemu}`, request.id], request, wake);
}

/** Says a line to the runtime, as the taskd behind a QEMU would. */
export async function sayAsTaskd(qemu: number, line: object): Promise<void> {
  await say([`${qemu}`, "taskd.sock"], line);
}

async function say(
  words: string[],
  line: object,
  before: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const saying = $({ quiet: true })`perl -e ${SAY} ${words}`;
  await Promise.race([once(saying.stdout, "data"), saying]);
  await before();
  saying.stdin.end(`${JSON.stringify(line)}\n`);
  await saying;
}

/** Unmounts something in the view of another process alone, from the user namespace that owns its mounts. */
const UNMOUNT = `
my ($pid, $target) = @ARGV;
open(my $mounts, "<", "/proc/$pid/ns/mnt") or die "mount namespace: $!";
my $owner = ioctl($mounts, 0xb701, 0) or die "NS_GET_USERNS: $!";
syscall(308, int($owner), 0) == 0 or die "setns, users: $!";
syscall(308, fileno($mounts), 0) == 0 or die "setns, mounts: $!";
syscall(166, $target, 2) == 0 or die "umount2 $target: $!";
`;

export async function unmountIn(pid: number, target: string): Promise<void> {
  await $({ quiet: true })`perl -e ${UNMOUNT} ${pid} ${target}`;
}
