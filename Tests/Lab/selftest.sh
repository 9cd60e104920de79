#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# selftest.sh: proves that the lab does what the system's tests lean on, without any part of Ebb: two guests per host
# boot; load is steered; a vCPU is plugged, brought online and taken offline in the guest; and a running guest migrates
# with an open TCP connection and a disk under write. Prints what it measured. Takes the lab down at the end.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/lab.sh
network=${EBB_LAB_NET:-10.211.77}
work=$(mktemp -d)
heartbeat=''

cleanup() {
    [ -z "$heartbeat" ] || kill "$heartbeat" 2>/dev/null || true
    "$lab" down
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

started=$EPOCHREALTIME
seconds_since() { echo "$EPOCHREALTIME $1" | awk '{ printf "%.2f", $1 - $2 }'; }
passed() { printf '%7.2f s  %s\n' "$(seconds_since "$started")" "$*"; }
failed() {
    echo "selftest: FAILED: $*" >&2
    exit 1
}

# Waits until a command succeeds.
await() { # SECONDS WHAT COMMAND...
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || failed "$what did not happen in time"
        sleep 0.1
    done
}

# The definition of a guest as LibvirtHypervisor writes it, in short.
definition() { # NAME NUMBER DISK
    cat <<XML
<domain type='qemu'>
  <name>$1</name>
  <memory unit='MiB'>256</memory>
  <vcpu placement='static' current='1'>4</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>$("$lab" path kernel)</kernel>
    <initrd>$("$lab" path initrd)</initrd>
    <cmdline>console=ttyS0 quiet lab.ip=$network.$2/24</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom'><model>qemu64</model></cpu>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/><source file='$3'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface>
    <serial type='file'><source path='/var/log/libvirt/qemu/$1-serial.log' append='on'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <memballoon model='virtio'><stats period='2'/></memballoon>
  </devices>
</domain>
XML
}

boot() { # HOST NAME NUMBER
    definition "$2" "$3" "$("$lab" disk "$2.img" 64M)" >"$work/$2.xml"
    "$lab" virsh "$1" define "$work/$2.xml" >/dev/null
    "$lab" virsh "$1" start "$2" >/dev/null
}

agent_answers() { "$lab" virsh "$1" qemu-agent-command "$2" '{"execute":"guest-ping"}'; }
guest_vcpus() { "$lab" virsh "$1" vcpucount "$2" --guest; }
# What a guest's vCPUs used and what they waited for while the machine was busy with something else.
demand_nanoseconds() { "$lab" virsh "$1" domstats --vcpu "$2" | awk -F= '/time|delay/ { sum += $2 } END { print sum }'; }

# A guest's demand for CPU time over four seconds, in percent of one CPU.
measured_load() { # HOST VM
    local before from
    before=$(demand_nanoseconds "$1" "$2") from=$EPOCHREALTIME
    sleep 4
    echo "$(demand_nanoseconds "$1" "$2") $before $EPOCHREALTIME $from" |
        awk '{ printf "%d", ($1 - $2) / 1e7 / ($3 - $4) }'
}

# Looked at again for a while: what runs beside the load takes some time too.
expect_load() { # HOST VM LOW HIGH WHAT
    local load deadline=$((SECONDS + 30))
    while :; do
        load=$(measured_load "$1" "$2")
        if [ "$load" -ge "$3" ] && [ "$load" -le "$4" ]; then break; fi
        [ "$SECONDS" -lt "$deadline" ] || failed "$5: $load % of a CPU is not within $3 to $4 %"
    done
    passed "$5: measured $load %"
}

# Prints each line of one heartbeat connection with the time at which it came.
listen_to() { # ADDRESS
    # shellcheck disable=SC2016 # expands inside
    exec "$lab" net bash -c 'exec 3<>"/dev/tcp/$0/7"; while read -r -u 3 line; do echo "$EPOCHREALTIME $line"; done' "$1"
}

"$lab" up >/dev/null
passed "both hosts answer"

boot host-a vm1 101 &
boot host-a vm2 102 &
boot host-b vm3 103 &
boot host-b vm4 104 &
wait
for pair in host-a:vm1 host-a:vm2 host-b:vm3 host-b:vm4; do
    await 120 "boot of ${pair#*:}" agent_answers "${pair%:*}" "${pair#*:}"
done
passed "four guests have booted and their agents answer"

"$lab" load vm1 50
sleep 1
expect_load host-a vm1 40 75 "load steered to 50 %"
"$lab" load vm1 150
sleep 1
expect_load host-a vm1 85 115 "150 % asked of one vCPU is all of it"

from=$EPOCHREALTIME
"$lab" virsh host-a setvcpus vm1 2 --live >/dev/null
plugged=$(seconds_since "$from")
from=$EPOCHREALTIME
await 20 "vCPU online" "$lab" virsh host-a setvcpus vm1 2 --guest
[ "$(guest_vcpus host-a vm1)" = 2 ] || failed "the guest has $(guest_vcpus host-a vm1) vCPUs, not 2"
passed "second vCPU plugged in $plugged s, online in the guest after $(seconds_since "$from") s"
sleep 1
expect_load host-a vm1 120 190 "150 % asked of two vCPUs"

"$lab" virsh host-a setvcpus vm1 1 --guest >/dev/null
[ "$(guest_vcpus host-a vm1)" = 1 ] || failed "the guest still has $(guest_vcpus host-a vm1) vCPUs"
sleep 1
expect_load host-a vm1 85 115 "the second vCPU offline in the guest, still plugged"
"$lab" virsh host-a setvcpus vm1 2 --guest >/dev/null
[ "$(guest_vcpus host-a vm1)" = 2 ] || failed "the vCPU did not come online again"
passed "the same vCPU online again without plugging"

"$lab" load vm1 30
listen_to "$network.101" >"$work/heartbeat" &
heartbeat=$!
"$lab" guest vm1 disk start
await 20 "first disk blocks" "$lab" guest vm1 grep -q '[4-9]' /run/disk.count
await 20 "heartbeat" test -s "$work/heartbeat"
# Both hosts see the images in one folder; libvirt, which knows only network file systems as shared, is told so.
from=$EPOCHREALTIME
"$lab" virsh host-a migrate --live --p2p --persistent --undefinesource --abort-on-error --unsafe vm1 \
    "qemu+tcp://$network.12/system" "tcp://$network.12" >/dev/null
took=$(seconds_since "$from")
reported=$("$lab" virsh host-b domjobinfo vm1 --completed | awk '/Total downtime/ { print $3 " " $4 }')
passed "migrated in $took s, libvirt's downtime $reported"
"$lab" virsh host-a dominfo vm1 >/dev/null 2>&1 && failed "the source still has a definition"

lines=$(wc -l <"$work/heartbeat")
await 20 "heartbeat after the migration" sh -c "[ \$(wc -l <'$work/heartbeat') -gt $((lines + 40)) ]"
kill -0 "$heartbeat" || failed "the TCP connection broke"
kill "$heartbeat"
heartbeat=''
awk -v from="$from" '
    NR > 1 && $2 != number + 1 { print "numbers " number " and " $2 " follow each other"; exit 1 }
    NR > 1 && $1 - at > gap { gap = $1 - at }
    { number = $2; at = $1 }
    END { printf "%d heartbeats on one TCP connection, none lost, longest gap %.0f ms\n", NR, gap * 1000 }
' "$work/heartbeat" >"$work/summary" || failed "$(cat "$work/summary")"
passed "$(cat "$work/summary")"

written=$("$lab" guest vm1 disk stop)
verified=$("$lab" guest vm1 disk verify) || failed "the disk is damaged"
read -r count checksum <<<"$verified"
[ "$count" = "$written" ] || failed "$written blocks were written, $count verified"
outside=$(head -c $((count * 65536)) "$("$lab" path images)/vm1.img" | sha256sum)
[ "${outside%% *}" = "$checksum" ] || failed "the image on the host differs from what the guest reads"
passed "$count disk blocks written across the migration are intact, from inside and outside"

"$lab" virsh host-b setvcpus vm1 3 --live >/dev/null
await 20 "vCPU online on the target" "$lab" virsh host-b setvcpus vm1 3 --guest
[ "$(guest_vcpus host-b vm1)" = 3 ] || failed "growing after a migration left $(guest_vcpus host-b vm1) vCPUs"
passed "grown to 3 vCPUs on the target"

first=$(awk '{ print $1 }' "$("$lab" path state)/lab.pid")
"$lab" down
[ ! -e "/proc/$first" ] || failed "the lab's first process is still there"
trap - EXIT
rm -rf "$work"
passed "down: nothing is left"
