/**
 * For perl, in a network namespace of its own: makes every address there is, of both families, one of this host. Whoever connects to
 * any of them then reaches a listener of the same namespace, and nothing leaves it.
 */
export const EVERY_ADDRESS = `
use strict; use Socket;
my $up = pack("a16s", "lo", 1); # IFF_UP
socket(my $any, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
ioctl($any, 0x8914, $up) or die "lo: $!";
socket(my $routes, 16, SOCK_RAW, 0) or die "netlink: $!";
for my $family (AF_INET, AF_INET6) {
  # A route to everything, of the kind that is here: RTM_NEWROUTE, in the local table, RTN_LOCAL, by lo, which is the first.
  my $body = pack("CCCCCCCCL", $family, 0, 0, 0, 255, 4, 254, 2, 0) . pack("SSL", 8, 4, 1);
  send($routes, pack("LSSLL", 16 + length $body, 24, 0x405, 1, 0) . $body, 0) or die "route: $!";
  recv($routes, my $answer, 4096, 0);
  my $error = unpack("x16l", $answer);
  die "route of family $family: $error" if $error != 0;
}
# What comes from an address that is ours is taken as well, as from a stranger.
if (open my $accept, ">", "/proc/sys/net/ipv4/conf/all/accept_local") { print $accept 1 }
exec @ARGV or die "exec: $!";`;
