#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host-init.sh HOST FOLDER: the first process of a lab host, in namespaces of its own: gives the host its name and its
# own folders where libvirt keeps things, and then only holds the namespaces.
set -euo pipefail
host=$1
folder=$2
hostname "$host"
mount --make-rprivate /
mount --bind "$folder/run" /run
mkdir -p /run/lock
for place in etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
    mount --bind "$folder/${place%%:*}" "${place#*:}"
done
exec -a "ebb-lab-$host" sleep infinity
