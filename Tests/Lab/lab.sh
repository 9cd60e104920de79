#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# lab.sh: two real libvirt/QEMU hosts on one machine, without hardware virtualisation.
#
#   lab.sh up                       build the guest image, start both hosts, wait until both answer
#   lab.sh down                     stop everything and remove the hosts' state (keeps the guest image)
#   lab.sh status                   what runs, and the URIs
#   lab.sh net COMMAND...           run a command in the lab's network: here live the services and tests that talk to
#                                   the hosts; files, users and Unix sockets (PostgreSQL's, say) are the machine's own
#   lab.sh exec HOST COMMAND...     run a command on a host (host-a, host-b)
#   lab.sh virsh HOST ARGUMENTS...  virsh, connected to a host
#   lab.sh daemon HOST ACTION       start, stop, kill, freeze or thaw a host's libvirtd; its guests go on running
#   lab.sh disk NAME SIZE           make a shared disk (raw, or qcow2 by its suffix) and print its path
#   lab.sh load VM PERCENT          have a guest use that much CPU time, in percent of one vCPU (may exceed 100)
#   lab.sh guest VM COMMAND...      run a command in a guest through its agent and print its output
#   lab.sh console VM               show what a guest has written to its serial port
#   lab.sh path WHAT                print a path: kernel, initrd, images, state
#
# EBB_LAB_DIR (default: .build/lab of this package) holds all its state. EBB_LAB_NET (default: 10.211.77) is the first
# three numbers of its private network. A VM is named by name or UUID; the host that has it is found.
#
# Nothing of the machine is touched: the lab is one tree of processes in namespaces of its own (processes, network,
# mounts, host names), and its network is connected to nothing. `down` kills the first process of that tree; the kernel
# then ends all others, the guests included, and with them the namespaces, interfaces and mounts.
set -euo pipefail

script_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${EBB_LAB_DIR:-$(cd "$script_directory/../.." && pwd)/.build/lab}
network=${EBB_LAB_NET:-10.211.77}
hosts=(host-a host-b)
prefix=24
groups=/sys/fs/cgroup

fail() {
    echo "lab: $*" >&2
    exit 1
}

address() { # HOST
    case $1 in
    host-a) echo "$network.11" ;;
    host-b) echo "$network.12" ;;
    *) fail "no host '$1': there are ${hosts[*]}" ;;
    esac
}

uri() { echo "qemu+tcp://$(address "$1")/system"; }

# --- Processes: a recorded one counts only while its start time is the recorded one, for numbers are used again. ---

start_time() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

record() { echo "$2 $(start_time "$2")" >"$state/$1.pid"; } # NAME PID

alive() { # NAME
    local pid started
    read -r pid started 2>/dev/null <"$state/$1.pid" || return 1
    [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ]
}

pid_of() { # NAME
    local pid
    alive "$1" || fail "not up: start it with '$0 up'"
    read -r pid _ <"$state/$1.pid"
    echo "$pid"
}

# The child of a process that was just started, once it is there.
child_of() { # PID
    local child attempt
    for ((attempt = 0; attempt < 100; attempt++)); do
        child=$(pgrep -P "$1" | head -n 1) && [ -n "$child" ] && echo "$child" && return
        sleep 0.05
    done
    fail "the process started as $1 did not come up; see $state/lab.log"
}

in_network() { # COMMAND...
    local pid
    pid=$(pid_of lab) || return 1
    nsenter --target "$pid" --net -- "$@"
}

in_host() { # HOST COMMAND...
    local pid
    address "$1" >/dev/null || return 1
    pid=$(pid_of "$1") || return 1
    shift
    nsenter --target "$pid" --all --wdns=/ -- "$@"
}

# Whoever waits for a descriptor of the caller's to close (a pipe's reader, Foundation's Process) must not wait for the
# daemons that are started here.
close_inherited() {
    local descriptor
    for descriptor in /proc/self/fd/*; do
        descriptor=${descriptor##*/}
        if [ "$descriptor" -gt 2 ] && [ "$descriptor" -lt 255 ]; then exec {descriptor}>&-; fi
    done
}

# --- up ---

check_machine() {
    local package missing=() command status
    [ "$(id -u)" = 0 ] || fail "needs root: it makes namespaces, network interfaces and mounts"
    while read -r package; do
        status=$(dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null) || status=''
        [[ $status == ii* ]] || missing+=("$package")
    done < <(grep -v '^#' "$script_directory/packages.txt")
    [ ${#missing[@]} = 0 ] ||
        fail "missing packages: apt-get install --no-install-recommends ${missing[*]}"
    for command in unshare nsenter ip qemu-system-x86_64 libvirtd virsh; do
        command -v "$command" >/dev/null || fail "'$command' is not in PATH"
    done
    [ -c /dev/net/tun ] || fail "/dev/net/tun is missing: guests could not be connected"
    case $state in
    /run/* | /var/lib/libvirt/* | /etc/*) fail "EBB_LAB_DIR=$state lies where each host has folders of its own" ;;
    esac
}

# The first process of the lab: its end is the end of all. It only collects what its descendants leave behind.
first_process='while :; do sleep 86400 & wait $!; done'

start_lab() {
    setsid unshare --net --mount --pid --fork --kill-child=KILL --mount-proc -- \
        bash -c "exec -a ebb-lab bash -c '$first_process'" </dev/null >>"$state/lab.log" 2>&1 &
    record lab "$(child_of $!)"
    in_network ip link set lo up
    # The bridge comes first and carries the only route there is: without it nothing could leave, wherever it is sent.
    in_network ip link add lab0 type bridge forward_delay 0
    in_network ip addr add "$network.1/$prefix" dev lab0
    in_network ip link set lab0 up
    [[ $(in_network ip -oneline addr show dev lab0 up) == *" $network.1/$prefix "* ]] ||
        fail "the lab's bridge did not come up"
}

# Whether the kernel can cap guests: it has control groups for CPU of the first version, with quotas. Where a guest has
# groups libvirt takes its CPU time from them, and from nowhere else.
can_cap() {
    local probe=$groups/cpu/ebb-lab-probe-$$ result=1
    [ -e "$groups/cpuacct/cpuacct.usage" ] || return 1
    mkdir "$probe" 2>/dev/null || return 1
    [ -f "$probe/cpu.cfs_quota_us" ] && result=0
    rmdir "$probe"
    return $result
}

start_host() { # HOST
    local host=$1 folder=$state/$1 first group=''
    # Found out before: a substitution in the line below would be a child of that process too, for a moment.
    first=$(pid_of lab)
    mkdir -p "$folder"/{run,etc,lib,log,cache}
    if [ -e "$state/caps" ]; then
        group=ebb-lab-$first-$host
        mkdir -p "$groups"/{cpu,cpuacct}/"$group"
    fi
    write_configuration "$host" "$folder/etc"
    # A child of the lab's first process, with a network, mounts and a host name of its own.
    setsid nsenter --target "$first" --net --mount --pid -- \
        unshare --net --mount --uts -- "$script_directory/host-init.sh" "$host" "$folder" "$group" \
        </dev/null >>"$state/lab.log" 2>&1 &
    record "$host" "$(child_of $!)"
    connect_host "$host"
    start_daemon "$host"
    make_pool "$host"
}

# Both hosts see the images in one folder, as hosts with shared storage do.
make_pool() { # HOST
    local uri
    uri=$(uri "$1")
    {
        in_network virsh --connect "$uri" pool-define-as images dir --target "$state/images"
        in_network virsh --connect "$uri" pool-autostart images
        in_network virsh --connect "$uri" pool-start images
    } >>"$state/lab.log" 2>&1 || fail "the storage pool of $1 does not start; see $state/lab.log"
}

# A cable from the lab's bridge to the host's own, to which its guests are connected too. A bridge without a hardware
# address of its own takes its ports' lowest. A guest's could be that: both hosts' bridges then have the same one while
# it moves, and the move never ends.
connect_host() { # HOST
    local host=$1 hardware
    hardware=$(printf '02:eb:b0:00:00:%02x' "$(address "$host" | cut -d. -f4)")
    in_network ip link add "$host" type veth peer name uplink address "$hardware" netns "$(pid_of "$host")"
    in_network ip link set "$host" master lab0 up
    in_host "$host" sh -c "
        ip link set lo up
        ip link add br0 address $hardware type bridge forward_delay 0
        ip link set uplink master br0 up
        ip addr add $(address "$host")/$prefix dev br0
        ip link set br0 up"
}

write_configuration() { # HOST FOLDER
    local host=$1 folder=$2 controllers=''
    [ ! -e "$state/caps" ] || controllers='"cpu", "cpuacct"'
    # The same UUID on both hosts (the machine's) would have migration refused as 'to the same host'.
    cat >"$folder/libvirtd.conf" <<CONFIGURATION
listen_tls = 0
listen_tcp = 1
listen_addr = "$(address "$host")"
auth_tcp = "none"
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
CONFIGURATION
    cat >"$folder/qemu.conf" <<CONFIGURATION
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ $controllers ]
namespaces = [ ]
remember_owner = 0
stdio_handler = "file"
migration_address = "$(address "$host")"
CONFIGURATION
}

start_daemon() { # HOST
    local host=$1 attempt own_groups=''
    # A process that enters a host keeps its groups.
    [ ! -e "$state/caps" ] || own_groups='cpu cpuacct'
    # A daemon keeps nothing of who started it: a test would wait for as long as it lives.
    # shellcheck disable=SC2016
    in_host "$host" bash -c 'mkdir -p /var/log/libvirt/qemu && rm -f /run/libvirtd.pid &&
        for fd in /proc/$$/fd/*; do [ "${fd##*/}" -le 2 ] || eval "exec ${fd##*/}>&-"; done;
        for group in $1; do echo $$ >"/sys/fs/cgroup/$group/cgroup.procs"; done;
        exec timeout 30 setsid libvirtd --listen --daemon --pid-file /run/libvirtd.pid' start "$own_groups" </dev/null >>"$state/lab.log" 2>&1
    # A daemon that is asked while it still starts may never answer that request: each has a limit of its own.
    for ((attempt = 0; attempt < 150; attempt++)); do
        in_network timeout 2 virsh --connect "$(uri "$host")" list >/dev/null 2>&1 && return
        sleep 0.2
    done
    fail "libvirtd of $host does not answer; see $state/$host/log/libvirtd.log and $state/lab.log"
}

up() {
    check_machine
    close_inherited
    if alive lab; then fail "is up already (state in $state); 'down' first"; fi
    mkdir -p "$state/images"
    trap undo EXIT
    trap 'exit 130' INT TERM
    "$script_directory/guest/build.sh" "$state/guest"
    : >"$state/lab.log"
    if can_cap; then : >"$state/caps"; else echo "guests can't be capped here: the kernel has no CPU quotas" >&2; fi
    start_lab
    local host starting=()
    for host in "${hosts[@]}"; do
        start_host "$host" &
        starting+=($!)
    done
    for host in "${starting[@]}"; do wait "$host"; done
    trap - EXIT INT TERM
    status
}

# What fails halfway, or is interrupted, leaves nothing behind but its reason.
undo() {
    trap '' INT TERM
    local jobs
    jobs=$(jobs -p)
    {
        # shellcheck disable=SC2086 # several numbers
        [ -z "$jobs" ] || kill -KILL $jobs || true
        wait
    } 2>/dev/null
    tail -n 5 "$state/lab.log" >&2 2>/dev/null || true
    down
}

# --- down ---

down() {
    local pid attempt group
    if alive lab; then
        pid=$(pid_of lab)
        kill -KILL "$pid"
        for ((attempt = 0; attempt < 200; attempt++)); do
            alive lab || break
            sleep 0.05
        done
        if alive lab; then fail "process $pid does not end"; fi
        for group in "$groups"/{cpu,cpuacct}/"ebb-lab-$pid"-*; do
            [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done
    fi
    for pid in "${hosts[@]}"; do rm -rf "${state:?}/$pid" "$state/$pid.pid"; done
    rm -rf "${state:?}/images" "$state/lab.pid" "$state/lab.log" "$state/caps"
}

# --- the rest ---

status() {
    local host
    if ! alive lab; then
        echo "lab: down (state in $state)"
        return 1
    fi
    echo "lab: up (state in $state); reach it with: $0 net COMMAND..."
    for host in "${hosts[@]}"; do
        echo "$host $(uri "$host") bridge=br0"
        in_network timeout 5 virsh --connect "$(uri "$host")" list --all 2>&1 | sed 's/^/    /' || true
    done
}

daemon() { # HOST ACTION
    local host=$1 pid
    if [ "$2" = start ]; then
        close_inherited
        start_daemon "$host"
        return
    fi
    pid=$(in_host "$host" cat /run/libvirtd.pid) || fail "libvirtd of $host does not run"
    case $2 in
    stop) in_host "$host" kill -TERM "$pid" ;;
    kill) in_host "$host" kill -KILL "$pid" ;;
    freeze) in_host "$host" kill -STOP "$pid" ;;
    thaw) in_host "$host" kill -CONT "$pid" ;;
    *) fail "no action '$2': start, stop, kill, freeze, thaw" ;;
    esac
    case $2 in stop | kill)
        while in_host "$host" kill -0 "$pid" 2>/dev/null; do sleep 0.05; done ;;
    esac
}

disk() { # NAME SIZE
    local format=raw
    alive lab || fail "not up: start it with '$0 up'"
    case $1 in
    */* | '') fail "'$1' is not a file's name" ;;
    *.qcow2) format=qcow2 ;;
    esac
    qemu-img create -q -f "$format" "$state/images/$1" "$2"
    echo "$state/images/$1"
}

# The host on which a domain runs.
host_of() { # VM
    local host
    for host in "${hosts[@]}"; do
        if [ "$(in_network virsh --connect "$(uri "$host")" domstate "$1" 2>/dev/null)" = running ]; then
            echo "$host"
            return
        fi
    done
    fail "no host runs a domain '$1'"
}

agent() { # VM JSON
    in_network virsh --connect "$(uri "$(host_of "$1")")" qemu-agent-command "$1" "$2" --timeout 10
}

# Standard output and error of the command, and its exit status.
guest() { # VM COMMAND...
    local vm=$1 path=$2 argument arguments='' answer pid attempt
    shift 2
    for argument in "$@"; do
        argument=${argument//\\/\\\\}
        arguments+="${arguments:+,}\"${argument//\"/\\\"}\""
    done
    case $path in /*) ;; *) path=/bin/$path ;; esac
    answer=$(agent "$vm" "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"$path\",\"arg\":[$arguments],\"env\":[\"PATH=/bin\"],\"capture-output\":true}}")
    pid=${answer//[^0-9]/}
    for ((attempt = 0; attempt < 600; attempt++)); do
        answer=$(agent "$vm" "{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":$pid}}")
        case $answer in *'"exited":true'*) break ;; esac
        sleep 0.1
    done
    printf '%s' "$answer" | sed -n 's/.*"err-data":"\([^"]*\)".*/\1/p' | base64 --decode >&2
    printf '%s' "$answer" | sed -n 's/.*"out-data":"\([^"]*\)".*/\1/p' | base64 --decode
    case $answer in
    *'"exitcode":0'*) return 0 ;;
    *) return 1 ;;
    esac
}

load() { # VM PERCENT
    case $2 in '' | *[!0-9]*) fail "'$2' is not a percentage" ;; esac
    guest "$1" sh -c "echo $2 >/run/load"
}

console() { # VM
    local host log
    host=$(host_of "$1")
    log=$(in_network virsh --connect "$(uri "$host")" dumpxml "$1" |
        sed -n "/<serial type='file'>/,/<\/serial>/s/.*path='\([^']*\)'.*/\1/p")
    in_host "$host" cat "$log"
}

path() { # WHAT
    case $1 in
    kernel) echo "$state/guest/vmlinuz" ;;
    initrd) echo "$state/guest/initrd.img" ;;
    images) echo "$state/images" ;;
    state) echo "$state" ;;
    *) fail "no path '$1': kernel, initrd, images, state" ;;
    esac
}

usage() {
    sed -n '3,/^set -e/{/^#/s/^# \{0,1\}//p}' "$0"
    exit 2
}

need() { # COUNT ARGUMENTS...
    local count=$1
    shift
    [ $# -ge "$count" ] || usage
}

main() {
    local command=${1:-}
    [ $# = 0 ] || shift
    case $command in
    up | down | status) "$command" ;;
    net) need 1 "$@" && in_network "$@" ;;
    exec) need 2 "$@" && in_host "$@" ;;
    virsh) need 2 "$@" && in_network virsh --connect "$(uri "$1")" "${@:2}" ;;
    daemon | disk | load) need 2 "$@" && "$command" "$@" ;;
    guest) need 2 "$@" && guest "$@" ;;
    console | path) need 1 "$@" && "$command" "$@" ;;
    *) usage ;;
    esac
}

main "$@"
