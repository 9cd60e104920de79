#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes @ADDRESS@ ready to be a host of Ebb: libvirt over TLS, migration between hosts, a place for disks.
#
# Read it, then run it as root on that machine. It may be run again: what is right stays as it is, and the first
# state of each file that it changes is kept beside it as FILE.before-ebb. It starts, stops and changes no guest.
# It downloads packages of the distribution and nothing else, and no private key leaves the machine.
# ROOT=/some/folder keeps files below that folder, to try it out.
#
# Exit codes: 0 ready, 1 failed, 3 done except for what the last lines say.
set -eu

ADDRESS='@ADDRESS@'
HYPERVISOR='@HYPERVISOR@'
URI='@URI@'
POOL='@POOL@'
# Hosts that it exchanges VMs with, and where Monitor connects from; empty: not known yet.
PEERS='@PEERS@'
MONITORS='@MONITORS@'
ROOT="${ROOT:-}"
export LIBVIRT_DEFAULT_URI="$HYPERVISOR:///system"

REMAINING=0
CHANGED=0

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
remains() { REMAINING=1 && printf '   REMAINS: %s\n' "$*"; }
die() { printf 'ebb: %s\n' "$*" >&2 && exit 1; }

# keep FILE: its first state, once.
keep() { [ ! -e "$1" ] || [ -e "$1.before-ebb" ] || cp -p "$1" "$1.before-ebb"; }

# set_key FILE KEY VALUE: one line "KEY = VALUE" in a configuration of libvirt.
set_key() {
    [ -e "$1" ] || : >"$1"
    if grep -Fqx "$2 = $3" "$1"; then return 0; fi
    keep "$1"
    grep -v "^[[:space:]]*$2[[:space:]]*=" "$1" >"$1.ebb-new" || true
    printf '%s = %s\n' "$2" "$3" >>"$1.ebb-new"
    cat "$1.ebb-new" >"$1" && rm -f "$1.ebb-new"
    CHANGED=1
    say "   $1: $2 = $3"
}

[ "$(id -u)" -eq 0 ] || die "this changes the system: run it as root, for instance with sudo"
command -v systemctl >/dev/null || die "systemctl is missing: this script is for systems with systemd"

step "Packages"
if command -v dpkg-query >/dev/null; then
    PACKAGES='libvirt-daemon-system libvirt-clients qemu-utils gnutls-bin chrony'
    case $HYPERVISOR in
    qemu) PACKAGES="$PACKAGES qemu-system-x86" ;;
    xen) PACKAGES="$PACKAGES xen-system-amd64 libvirt-daemon-driver-xen" ;;
    esac
    installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }
    install() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
elif command -v rpm >/dev/null && command -v dnf >/dev/null; then
    [ "$HYPERVISOR" = qemu ] || die "the packages of Xen are known for apt-get only: install Xen by hand first"
    PACKAGES='libvirt-daemon-kvm libvirt-client qemu-img gnutls-utils chrony'
    installed() { rpm -q "$1" >/dev/null 2>&1; }
    install() { dnf install -y "$@"; }
else
    die "neither apt-get nor dnf is here: install libvirt, QEMU, GnuTLS' certtool and chrony by hand, then remove this step"
fi
set --
for package in $PACKAGES; do installed "$package" || set -- "$@" "$package"; done
if [ "$#" -gt 0 ]; then
    say "   installing $*"
    install "$@"
fi

# libvirt is one daemon, or one for each part of it.
if systemctl is-enabled --quiet virtqemud.socket 2>/dev/null; then
    DAEMON=virtqemud REMOTE=virtproxyd
else
    DAEMON=libvirtd REMOTE=libvirtd
fi
CONF="$ROOT/etc/libvirt"
mkdir -p "$CONF"

step "Host UUID"
# Hosts with one UUID refuse to migrate to each other, and cheap machines share theirs.
if ! grep -q '^[[:space:]]*host_uuid[[:space:]]*=' "$CONF/$DAEMON.conf" 2>/dev/null; then
    set_key "$CONF/$DAEMON.conf" host_uuid "\"$(cat /proc/sys/kernel/random/uuid)\""
fi

step "Clock"
# Bills and decisions go by instants: one service must keep the clock.
CLOCK=
for unit in chrony chronyd systemd-timesyncd ntpsec ntp; do
    if systemctl is-active --quiet "$unit" 2>/dev/null; then CLOCK=$unit && break; fi
done
if [ -z "$CLOCK" ]; then
    for unit in chrony chronyd; do
        if systemctl enable --now "$unit" 2>/dev/null; then CLOCK=$unit && break; fi
    done
fi
if [ -n "$CLOCK" ]; then say "   kept by $CLOCK"; else remains "start a service that keeps the clock, such as chrony"; fi

step "Certificate"
# One key and certificate for what this host serves and for its way to the others when it sends them a guest.
PKI="$ROOT/etc/pki"
KEY="$PKI/libvirt/private/serverkey.pem"
CERTIFICATE="$PKI/libvirt/servercert.pem"
AUTHORITY="$PKI/CA/cacert.pem"
REQUEST="$PKI/libvirt/ebb-$ADDRESS.csr"
TEMPLATE="$PKI/libvirt/ebb-$ADDRESS.template"
mkdir -p "$PKI/CA" "$PKI/libvirt/private"
chmod 755 "$PKI" "$PKI/CA" "$PKI/libvirt" && chmod 750 "$PKI/libvirt/private"
if [ ! -s "$KEY" ]; then
    (umask 077 && certtool --generate-privkey --key-type rsa --bits 3072 --no-text --outfile "$KEY")
    say "   made $KEY"
fi
if [ ! -s "$CERTIFICATE" ] || [ ! -s "$AUTHORITY" ]; then
    cat >"$TEMPLATE" <<EOF
cn = "$ADDRESS"
organization = "Ebb"
@KIND@ = "$ADDRESS"
expiration_days = 825
tls_www_server
tls_www_client
signing_key
encryption_key
EOF
    certtool --generate-request --load-privkey "$KEY" --template "$TEMPLATE" --outfile "$REQUEST" 2>/dev/null
    remains "have the certificate signed, put both files in place, then run this script again:"
    cat <<EOF
     Where the authority's key is (never on a host), once for all hosts:
       certtool --generate-privkey --outfile cakey.pem
       printf 'cn = "Ebb"\nca\ncert_signing_key\nexpiration_days = 3650\n' >ca.template
       certtool --generate-self-signed --load-privkey cakey.pem --template ca.template --outfile cacert.pem
     There, for this host, with its $REQUEST and $TEMPLATE:
       certtool --generate-certificate --load-request ebb-$ADDRESS.csr --template ebb-$ADDRESS.template \\
         --load-ca-certificate cacert.pem --load-ca-privkey cakey.pem --outfile servercert.pem
     Then here:
       servercert.pem  to  $CERTIFICATE
       cacert.pem      to  $AUTHORITY
EOF
else
    certtool --verify --load-ca-certificate "$AUTHORITY" --infile "$CERTIFICATE" >/dev/null 2>&1 ||
        die "$CERTIFICATE was not signed by $AUTHORITY or has expired: have it signed again"
fi

# copy FROM TO MODE: unless it is the same already.
copy() {
    [ -s "$1" ] || return 0
    if ! cmp -s "$1" "$2"; then
        keep "$2"
        (umask 077 && cp "$1" "$2") && CHANGED=1
        say "   $2"
    fi
    chmod "$3" "$2"
}
copy "$CERTIFICATE" "$PKI/libvirt/clientcert.pem" 644
copy "$KEY" "$PKI/libvirt/private/clientkey.pem" 600

step "libvirt over TLS"
# Whoever has a certificate of the authority may command this host: sign none but those of hosts and of Monitors.
set_key "$CONF/$REMOTE.conf" auth_tls '"none"'
set_key "$CONF/$REMOTE.conf" tls_no_verify_certificate 0
if [ -s "$CERTIFICATE" ] && [ -s "$AUTHORITY" ]; then
    if [ "$CHANGED" -eq 1 ] || ! systemctl is-active --quiet "$REMOTE-tls.socket"; then
        # Guests go on running while libvirt's daemons restart.
        systemctl stop "$REMOTE.service" 2>/dev/null || true
        systemctl enable --now "$REMOTE.socket" "$REMOTE-tls.socket"
        systemctl try-restart "$DAEMON.service" || true
        say "   $REMOTE listens on port 16514"
    fi
fi

if systemctl is-enabled --quiet "$REMOTE-tcp.socket" 2>/dev/null; then
    remains "libvirt takes commands without encryption too: systemctl disable --now $REMOTE-tcp.socket"
fi

step "Migration"
# The source's libvirt connects to the target's with the certificate above; the memory itself then goes, unencrypted,
# to a port of this range: only the peers may reach it.
if [ "$HYPERVISOR" = qemu ]; then
    set_key "$CONF/qemu.conf" migration_host "\"$ADDRESS\""
    set_key "$CONF/qemu.conf" migration_port_min 49152
    set_key "$CONF/qemu.conf" migration_port_max 49215
    [ -e /dev/kvm ] || remains "there is no /dev/kvm, guests would be emulated: enable virtualisation in the firmware"
else
    [ -e /proc/xen/capabilities ] || remains "this kernel does not run under Xen: boot the entry with Xen"
fi
# Xen's migration goes to the name that the target gives itself.
[ "$HYPERVISOR" = qemu ] || PEERS_AND_SELF="$(hostname) "
for name in ${PEERS_AND_SELF:-}$PEERS; do
    case $(getent ahosts "$name" 2>/dev/null || true) in
    '') remains "the name $name has no address here: put it into the DNS, or into /etc/hosts on every host" ;;
    127.* | ::1*) remains "$name is a loopback address here: give it the address by which the others reach it" ;;
    esac
done

step "Disks"
mkdir -p "$ROOT$POOL"
chmod 711 "$ROOT$POOL"
if ! virsh --quiet pool-info ebb >/dev/null 2>&1; then
    virsh --quiet pool-define-as ebb dir --target "$ROOT$POOL" >/dev/null
    say "   defined the storage pool ebb at $ROOT$POOL"
fi
virsh --quiet pool-list --name 2>/dev/null | grep -qx ' *ebb *' || virsh --quiet pool-start ebb >/dev/null
virsh --quiet pool-autostart ebb >/dev/null
case $(stat -f -c %T "$ROOT$POOL") in
nfs* | ceph* | gfs* | ocfs2 | fuseblk | fuse*) say "   on shared storage" ;;
*) remains "$POOL is on this machine alone: mount there what all hosts of the cluster share, or VMs can't migrate" ;;
esac

step "Firewall"
# allow ADDRESS PORTS: lets an address in; says so where it can't.
if systemctl is-active --quiet firewalld 2>/dev/null; then
    allow() {
        case $1 in *:*) family=ipv6 ;; *) family=ipv4 ;; esac
        rule="rule family=$family source address=$1 port port=$2 protocol=tcp accept"
        if ! firewall-cmd --quiet --permanent --query-rich-rule="$rule"; then
            firewall-cmd --quiet --permanent --add-rich-rule="$rule"
            firewall-cmd --quiet --add-rich-rule="$rule"
            say "   firewalld: $1 may reach $2"
        fi
    }
elif command -v ufw >/dev/null && ufw status | grep -q '^Status: active'; then
    allow() { ufw allow proto tcp from "$1" to any port "$(echo "$2" | tr - :)" comment ebb >/dev/null; }
else
    allow() { say "   no firewall is active that this script knows; if there is another: let $1 reach TCP $2"; }
fi
# resolved NAME...: addresses, for firewalls take no names.
resolved() { for name in "$@"; do getent ahosts "$name" 2>/dev/null | cut -d ' ' -f 1; done | sort -u; }
# shellcheck disable=SC2086 # lists of addresses without blanks
for address in $(resolved $MONITORS $PEERS); do allow "$address" 16514; done
# shellcheck disable=SC2086
for address in $(resolved $PEERS); do allow "$address" 49152-49215; done
[ -n "$MONITORS" ] || remains "let the machines that run Monitor reach TCP 16514 here"
[ -n "$PEERS" ] || remains "let the other hosts of the cluster reach TCP 16514 and 49152-49215 here"

step "Then"
say "   ebb host add $URI --name NAME --cluster CLUSTER"
say "   ebb host check NAME"
[ "$REMAINING" -eq 0 ] || exit 3
