# Makes the directory $1 the root of a machine, and runs the words after it there. Called in new mount, pid, uts and ipc namespaces.
# A chroot would not do: in one, `unshare` and bubblewrap may not change how mounts spread.
set -eu
root=$1
shift
hostname debian-13
mount --bind "$root" "$root"
cd "$root"
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
