#!/bin/busybox sh
# /init of the initramfs: loads the modules, mounts the root, and hands over. A host that watches the console knows
# from these lines how far a machine has come.

failed() {
  echo "piwork: FAILED $1"
  # QEMU runs with -no-reboot: this ends the machine.
  busybox reboot -f
}

/bin/busybox mount -t proc proc /proc
export PATH=/bin
# The host only asks whether a kernel starts at all with this acceleration. This one has, and QEMU reports the reset.
busybox grep -qw piwork.probe /proc/cmdline && busybox reboot -f
busybox mount -t devtmpfs dev /dev || failed "to mount /dev"
busybox mount -t sysfs sys /sys || failed "to mount /sys"

for module in /modules/*.ko; do
  busybox insmod "$module" || failed "to load ${module##*/}"
done
echo "piwork: modules loaded"

# The disk is found by the kernel a moment after its driver is loaded.
tries=0
until [ -b /dev/vda ]; do
  tries=$((tries + 1))
  [ $tries -le 500 ] || failed "to find the root disk /dev/vda within 5 s"
  busybox usleep 10000
done
busybox mount -t erofs -o ro /dev/vda /root || failed "to mount the root disk"
echo "piwork: root mounted"

for dir in dev proc sys; do
  busybox mount -o move "/$dir" "/root/$dir" || failed "to move /$dir"
done
[ -x /root/usr/lib/piwork/init ] || failed "to find init on the root disk"
exec busybox switch_root /root /usr/lib/piwork/init
