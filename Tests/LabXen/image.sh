#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# image.sh OUTPUT: makes what a Xen host of the lab boots from, once; a second call finds it done.
#   OUTPUT/xen          the hypervisor              OUTPUT/vmlinuz      the kernel of Domain 0 and of guests
#   OUTPUT/initrd.img   finds Domain 0's disk       OUTPUT/root.img     Domain 0's disk: Debian with Xen's tools and
#                                                                       libvirt's Xen driver (/lab holds the guest)
# EBB_LAB_MIRROR (default: debootstrap's) is where Debian's packages come from.
set -euo pipefail
source_directory=$(cd "$(dirname "$0")" && pwd)
output=$1
mirror=${EBB_LAB_MIRROR:-}
suite=bookworm
tools=(
    xen-utils-4.17 libvirt-daemon libvirt-daemon-driver-xen libvirt-clients qemu-guest-agent iproute2 kmod
    busybox-static
)
# Drivers of Domain 0's disk, found before its disk is; those that its /lab/init loads; those of guests.
disk_drivers=(virtio_pci virtio_blk ext4)
host_drivers=(
    virtio_net virtio_console bridge xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-netback xen-blkback loop
)
guest_drivers=(xen-netfront xen-blkfront)

say() { echo "lab-xen: $*"; }

umask 022
mkdir -p "$output"
stamp=$(sha256sum "$source_directory/image.sh" "$source_directory"/dom0/* "$source_directory"/guest/* \
    "$source_directory/../Lab/guest/spinner" | cut -d ' ' -f 1 | sha256sum)
if [ -e "$output/root.img" ] && [ "$(cat "$output/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
rm -f "$output/stamp"

# --- Debian, the kernel and the hypervisor: kept when only our own files have changed ---

system=$output/system
recipe=$(echo "$mirror $suite ${tools[*]}" | sha256sum)
bootstrap() {
    say "downloading Debian, Xen and libvirt's Xen driver into an image (the first time only, some minutes)"
    rm -rf "$system"
    mkdir -p "$system"
    debootstrap --variant=minbase "$suite" "$system/root" ${mirror:+"$mirror"}
    # debootstrap may leave a fake in its place, and then no daemon would ever start.
    if [ -e "$system/root/sbin/start-stop-daemon.REAL" ]; then
        mv "$system/root/sbin/start-stop-daemon.REAL" "$system/root/sbin/start-stop-daemon"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$system/root/usr/sbin/policy-rc.d"
    chmod 755 "$system/root/usr/sbin/policy-rc.d"
    # Unpacked only: their installation would want a boot loader and write an initramfs of its own.
    chroot "$system/root" sh -euc "
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -q
        apt-get install -q -y --no-install-recommends ${tools[*]}
        mkdir -p /unpacked && cd /tmp
        kernel=\$(apt-cache depends linux-image-amd64 | awk '\$1 == \"Depends:\" { print \$2 }')
        apt-get download \"\$kernel\" xen-hypervisor-4.17-amd64
        for package in *.deb; do dpkg-deb -x \"\$package\" /unpacked; rm \"\$package\"; done
        apt-get clean
        rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale"
    mv "$system/root/unpacked" "$system/unpacked"
    depmod -b "$system/unpacked" "$(ls "$system/unpacked/lib/modules")"
    echo "$recipe" >"$system/recipe"
}
if [ "$(cat "$system/recipe" 2>/dev/null)" != "$recipe" ]; then
    bootstrap >"$output/bootstrap.log" 2>&1 </dev/null || {
        tail -n 20 "$output/bootstrap.log" >&2
        say "the image could not be made; the whole log is $output/bootstrap.log" >&2
        exit 1
    }
fi

# --- What boots ---

work=$(mktemp -d "$output/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
version=$(ls "$system/unpacked/lib/modules")

# The drivers' files, each after those that it depends on.
drivers() { # NAME...
    local driver
    for driver in "$@"; do
        modprobe --dirname "$system/unpacked" --set-version "$version" --show-depends "$driver"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# An initramfs: busybox, an init, what else is given, and drivers in an order that knows the dependencies.
initramfs() { # ROOT INIT OUTPUT DRIVER...
    local root=$1 init=$2 target=$3 module
    shift 3
    mkdir -p "$root"/{bin,dev,modules,proc,run,sys,tmp,etc,root}
    cp /bin/busybox "$root/bin/busybox"
    cp "$init" "$root/init"
    drivers "$@" >"$work/paths"
    while read -r module; do
        cp "$module" "$root/modules/"
        basename "$module"
    done <"$work/paths" >"$root/modules/order"
    chmod 755 "$root/init" "$root"/bin/*
    (cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet) >"$target"
}

gzip -dc "$system"/unpacked/boot/xen-4.17*.gz >"$output/xen"
cp "$system/unpacked/boot/vmlinuz-$version" "$output/vmlinuz"
initramfs "$work/initrd" "$source_directory/dom0/initrd-init" "$output/initrd.img" "${disk_drivers[@]}"

root=$system/root
rm -rf "${root:?}/lab" "$root/lib/modules"
# Of libvirt's drivers the one for Xen: others want users and programs of their own, and one that fails ends the daemon.
find "$root"/usr/lib/*/libvirt/connection-driver -name '*.so' ! -name '*_libxl.so' -delete
mkdir -p "$root/lab" "$root/lib/modules"
install -m 755 "$source_directory"/dom0/init "$root/lab/init"
mkdir -p "$root/lib/modules/$version"
cp "$system/unpacked/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$version/"
drivers "${host_drivers[@]}" | while read -r module; do
    install -D -m 644 "$module" "$root/lib/modules/$version/${module#*"/modules/$version/"}"
done
depmod -b "$root" "$version"

# The guest: its tools to talk with its host through Xen's store, with every library that they are linked with.
guest=$work/guest
mkdir -p "$guest/bin"
cp "$source_directory/../Lab/guest/spinner" "$guest/bin/"
install -D "$root/usr/bin/xenstore" "$guest/bin/xenstore"
chroot "$root" ldd /usr/bin/xenstore | grep -o '/[^ ]*' | while read -r library; do
    install -D "$root$library" "$guest$library"
done
initramfs "$guest" "$source_directory/guest/init" "$root/lab/initrd.img" "${guest_drivers[@]}"
cp "$output/vmlinuz" "$root/lab/vmlinuz"

rm -f "$output/root.img.new"
truncate -s 3G "$output/root.img.new"
mkfs.ext4 -q -O ^has_journal -E lazy_itable_init=1 -d "$root" "$output/root.img.new"
mv "$output/root.img.new" "$output/root.img"
echo "$stamp" >"$output/stamp"
