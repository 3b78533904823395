#!/usr/bin/busybox sh
# First process of the guest after the initramfs, which has mounted /dev, /proc and /sys. Makes the rest of a Linux
# system, then runs taskd. While it waits for taskd it also reaps whatever was left to it.

failed() {
  echo "piwork: FAILED $1"
  # QEMU runs with -no-reboot: this ends the machine.
  busybox reboot -f
}
mounted() { # PLACE, then arguments of mount
  place=$1
  shift
  busybox mount "$@" "$place" || failed "to mount $place"
}

mounted /run -t tmpfs -o mode=0755,nosuid,nodev run
mounted /tmp -t tmpfs -o mode=1777,nosuid,nodev tmp
busybox mkdir -p /dev/pts /dev/shm /run/lock
mounted /dev/pts -t devpts -o mode=0620,gid=5,ptmxmode=0666 devpts
mounted /dev/shm -t tmpfs -o mode=1777,nosuid,nodev shm
mounted /sys/fs/cgroup -t cgroup2 -o nosuid,nodev,noexec cgroup
# taskd mounts over directories that running sandboxes have bound; only a shared mount passes that on to them.
busybox mount --make-rshared / || failed "to share the mounts"
# What the kernel counts for a user it counts for all tasks, who are one user to it. Their control groups bound the memory of each.
for limit in fs/inotify/max_user_instances fs/inotify/max_user_watches fs/file-max kernel/pty/max; do
  echo 1048576 >/proc/sys/$limit || failed "to raise the limit $limit"
done
echo 0 >/proc/sys/fs/pipe-user-pages-soft || failed "to raise the limit on pipes"
busybox hostname piwork

# Where a processor is emulated, a clone pays for each piece of machine code when it runs for the first time. V8 is told to have all
# bytecode of a program in the template, to keep it, and to make no faster code of it: that, and its compilers, would be new code. So
# would clearing up be, which begins late with room for what is new.
lasting=
if busybox grep -q 'QEMU TCG' /proc/cpuinfo; then
  lasting='--no-lazy --no-flush-bytecode --no-lazy-feedback-allocation --no-opt --no-maglev --no-sparkplug'
  lasting="$lasting --no-memory-reducer --no-minor-gc-task --min-semi-space-size=2"
fi

echo "piwork: starting taskd"
busybox env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 UV_THREADPOOL_SIZE=16 \
  /usr/bin/node $lasting --expose-gc --require /usr/lib/piwork/fresh-random.cjs /usr/lib/piwork/taskd.mjs </dev/null &
wait $!
echo "piwork: taskd ended $?"
busybox reboot -f
