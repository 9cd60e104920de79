#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host-init.sh HOST FOLDER [GROUP]: the first process of a lab host, in namespaces of its own: gives the host its name and
# its own folders where libvirt keeps things, and then only holds the namespaces. With GROUP, a control group, its guests'
# groups for CPU lie there.
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
group=${3:-}
if [ -n "$group" ]; then
    # libvirt would take an empty hierarchy of the second version for the one that has controllers.
    umount /sys/fs/cgroup/unified 2>/dev/null || true
    for controller in cpu cpuacct; do
        mount --bind "/sys/fs/cgroup/$controller/$group" "/sys/fs/cgroup/$controller"
        echo $$ >"/sys/fs/cgroup/$controller/cgroup.procs"
    done
    # From here on the host's group is the first one that there is, as on a machine of its own.
    exec unshare --cgroup -- bash -c "exec -a 'ebb-lab-$host' sleep infinity"
fi
exec -a "ebb-lab-$host" sleep infinity
