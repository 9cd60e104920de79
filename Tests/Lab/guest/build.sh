#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTPUT: makes OUTPUT/vmlinuz and OUTPUT/initrd.img, a guest of about 10 MB that boots without a disk:
# Debian's cloud kernel, busybox, the guest agent with its libraries, the virtio drivers. Nothing is downloaded.
set -euo pipefail
source_directory=$(cd "$(dirname "$0")" && pwd)
output=$1

kernel=$(find /boot -maxdepth 1 -name 'vmlinuz-*-cloud-amd64' | sort -V | tail -n 1)
if [ -z "$kernel" ]; then
    echo "lab: no /boot/vmlinuz-*-cloud-amd64; install linux-image-cloud-amd64" >&2
    exit 1
fi
version=${kernel#/boot/vmlinuz-}

# An image of the same inputs is kept.
stamp=$(sha256sum "$source_directory"/* /usr/sbin/qemu-ga /bin/busybox "$kernel" | sha256sum)
if [ -e "$output/initrd.img" ] && [ "$(cat "$output/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi

mkdir -p "$output"
root=$(mktemp -d "$output/root.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,modules,proc,run,sys,tmp,etc}
cp /bin/busybox "$root/bin/busybox"
cp "$source_directory/init" "$root/init"
cp "$source_directory"/{spinner,heartbeat,disk} "$root/bin/"
install -D "$source_directory/shutdown" "$root/sbin/shutdown"
chmod 755 "$root/init" "$root"/bin/* "$root/sbin/shutdown"

# The agent and every library that it is linked with, at the same paths.
install -D /usr/sbin/qemu-ga "$root/bin/qemu-ga"
ldd /usr/sbin/qemu-ga | grep -o '/[^ ]*' | while read -r library; do install -D "$library" "$root$library"; done

# Each driver after those that it depends on.
for driver in virtio_pci virtio_console virtio_balloon virtio_net virtio_blk isofs pvpanic-mmio; do
    modprobe --set-version "$version" --show-depends "$driver"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$root/modules/paths"
while read -r module; do
    cp "$module" "$root/modules/"
    basename "$module"
done <"$root/modules/paths" >"$root/modules/order"
rm "$root/modules/paths"

# Not compressed: unpacking would take an emulated guest longer than reading.
(cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet) >"$output/initrd.img.new"
cp "$kernel" "$output/vmlinuz"
mv "$output/initrd.img.new" "$output/initrd.img"
echo "$stamp" >"$output/stamp"
