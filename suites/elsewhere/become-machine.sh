# Makes $1/root the root of a machine, and runs the words after $2 there. Where $2 is not empty, it is the root as it was: what is
# written goes to $1. Called in new mount, pid, uts and ipc namespaces. A chroot would not do: in one, `unshare` and bubblewrap may
# not change how mounts spread.
set -eu
machine=$1
base=$2
shift 2
hostname debian-13
if [ -n "$base" ]; then
  mount -t overlay -o "lowerdir=$base,upperdir=$machine/upper,workdir=$machine/work" overlay "$machine/root"
  # The user's files are on an ordinary file system.
  mount --bind "$machine/home" "$machine/root/root"
else
  mount --bind "$machine/root" "$machine/root"
fi
cd "$machine/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount --bind dev/pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=0755 tmpfs run
# Debian 13 keeps /tmp in memory.
mount -t tmpfs -o mode=1777,size=50% tmpfs tmp
pivot_root . .
umount --lazy .
exec "$@"
