#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts compose.yaml on a real Docker engine and runs the demo's scenario through the gateway's port, scaling Monitor to
# two and back meanwhile. Base images are made here with debootstrap, so no registry is needed. An engine that answers is
# used as it is; otherwise one of our own is started, with everything it keeps under .build/compose and in a network
# namespace of its own, so that neither bridges nor filter rules are left on the machine. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/.build/compose
binaries=${BINARIES:-.build/release}
mkdir -p "$work"

if [ "$(id -u)" -ne 0 ]; then
    echo "make compose-test needs root: it makes base images with debootstrap and may start a Docker engine." >&2
    exit 77
fi

engine=
namespace=ebb-compose
cleanup() {
    status=$?
    trap - EXIT INT TERM
    if [ "$status" -ne 0 ] && [ -n "${started:-}" ]; then
        echo "== what the services said last"
        compose logs --tail 20 2>/dev/null || true
    fi
    [ -z "${started:-}" ] || compose down -v --timeout 15 >/dev/null 2>&1 || true
    if [ -n "$engine" ]; then
        kill "$engine" 2>/dev/null || true
        wait "$engine" 2>/dev/null || true
        ip netns delete "$namespace" 2>/dev/null || true
        rm -rf "$work/exec" "$work/docker.sock"
    fi
    rm -rf "$work/context"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

inside() { if [ -n "$engine" ]; then nsenter --net="/run/netns/$namespace" "$@"; else "$@"; fi; }
compose() { docker-compose -p ebb-test -f compose/compose.yaml "$@"; }

if ! docker info >/dev/null 2>&1; then
    echo "No Docker engine answers: starting one of our own (its log: .build/compose/dockerd.log)"
    ip netns delete "$namespace" 2>/dev/null || true
    ip netns add "$namespace"
    ip -n "$namespace" link set lo up
    # Not `ip netns exec`: it would hide the control groups behind a /sys of its own.
    nsenter --net="/run/netns/$namespace" dockerd --data-root "$work/docker" --exec-root "$work/exec" \
        -p "$work/dockerd.pid" -H "unix://$work/docker.sock" >"$work/dockerd.log" 2>&1 &
    engine=$!
    export DOCKER_HOST=unix://$work/docker.sock
    for _ in $(seq 150); do
        docker info >/dev/null 2>&1 && break
        sleep 0.2
    done
    docker info >/dev/null 2>&1 || { echo "The engine did not start:"; tail -n 5 "$work/dockerd.log"; exit 69; }
fi

if ! docker image inspect ebb-base:bookworm >/dev/null 2>&1; then
    if [ ! -s "$work/base.tar" ]; then
        echo "Making the base image with debootstrap (about a minute)"
        rm -rf "$work/base"
        debootstrap --variant=minbase \
            --include=libzmq5,libsodium23,libpq5,libvirt0,libxml2,libstdc++6,ca-certificates,postgresql,gosu \
            bookworm "$work/base" >"$work/debootstrap.log" 2>&1 || { tail "$work/debootstrap.log"; exit 69; }
        tar -C "$work/base" -cf "$work/base.tar" .
        rm -rf "$work/base"
    fi
    docker import "$work/base.tar" ebb-base:bookworm >/dev/null
fi

echo "Building the images from the release binaries"
context=$work/context
rm -rf "$context"
mkdir -p "$context/compose" "$context/binaries/bin" "$context/binaries/lib"
for name in ebb ebb-monitor ebb-scheduler ebb-billing ebb-logger ebb-usergateway ebb-fleet ebb-migrate; do
    cp "$binaries/$name" "$context/binaries/bin/"
done
# The Swift runtime that the binaries were linked with, and nothing else.
runtime=$(dirname "$(ldd "$binaries/ebb-monitor" | awk '/libswiftCore.so/{print $3}')")
cp "$runtime"/*.so "$context/binaries/lib/"
cp compose/Dockerfile compose/rate-card.yaml "$context/compose/"
docker build -q --build-arg BASE=ebb-base:bookworm --build-arg BINARIES=binaries --target prebuilt \
    -t ebb:test -f "$context/compose/Dockerfile" "$context" >/dev/null
docker build -q --build-arg BASE=ebb-base:bookworm -t ebb-postgres:15 compose/postgres-local >/dev/null

compose/secrets.sh
export EBB_COMPOSE_IMAGE=ebb:test EBB_COMPOSE_POSTGRES=ebb-postgres:15
export EBB_COMPOSE_POLL=500ms EBB_COMPOSE_READING=1s EBB_COMPOSE_WINDOW=10 EBB_COMPOSE_HEARTBEAT=200ms
export EBB_COMPOSE_TTL=2s EBB_COMPOSE_COOLDOWN_UP=0s EBB_COMPOSE_COOLDOWN_DOWN=0s
EBB_COMPOSE_PORT=$(inside python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export EBB_COMPOSE_PORT
started=yes
compose up -d 2>&1 | tail -n 3
inside python3 demo/compose_demo.py --binaries "$binaries" --project ebb-test --port "$EBB_COMPOSE_PORT"
