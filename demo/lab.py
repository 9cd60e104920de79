# SPDX-License-Identifier: Apache-2.0
"""Two real libvirt hosts (`Tests/Lab/lab.sh`) as the demo drives and observes them: from outside, never through Ebb."""

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from stack import ROOT, StackError, clean_environment, wait_until

SCRIPT = ROOT / "Tests" / "Lab" / "lab.sh"
NETWORK = "10.211.77"
HOSTS = {"host-a": f"{NETWORK}.11", "host-b": f"{NETWORK}.12"}
DISK_BLOCK = 65536


def missing_packages():
    """What the lab needs and this machine lacks."""
    wanted = [line for line in SCRIPT.with_name("packages.txt").read_text().split("\n") if line and line[0] != "#"]
    done = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *wanted], capture_output=True,
        text=True)
    installed = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


class Lab:
    """One lab with a state directory of its own, so that it meets no other lab on the machine."""

    def __init__(self, directory):
        self.environment = {**clean_environment(), "EBB_LAB_DIR": str(directory), "EBB_LAB_NET": NETWORK}

    def run(self, *arguments):
        done = subprocess.run([str(SCRIPT), *arguments], capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            raise StackError(f"lab.sh {' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def up(self):
        """Interrupted, it is asked to end and waited for: it then takes back itself what it has begun."""
        log = open(Path(self.environment["EBB_LAB_DIR"]).parent / "lab-up.log", "w+")
        process = subprocess.Popen(
            [str(SCRIPT), "up"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
            start_new_session=True)
        try:
            process.wait(120)
        except BaseException as error:
            process.terminate()
            process.wait(30)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
        log.seek(0)
        text = log.read().strip()
        log.close()
        if process.returncode != 0:
            raise StackError(f"the lab did not come up: {text or 'it took more than 120 s'}")

    def down(self):
        self.run("down")

    def inside(self):
        """What a command starts with to run in the lab's network: it becomes that command, so its number is the
        command's own."""
        pid = Path(self.run("path", "state"), "lab.pid").read_text().split()[0]
        return ["nsenter", f"--net=/proc/{pid}/ns/net", "--"]

    def uri(self, host):
        return f"qemu+tcp://{HOSTS[host]}/system"

    def virsh(self, host, *arguments):
        return self.run("virsh", host, *arguments)

    def guest(self, vm, *command):
        return self.run("guest", vm, *command)

    def load(self, vm, percent):
        self.run("load", vm, str(percent))

    def processors(self, vm):
        """How many processors the guest itself says are online."""
        return int(self.guest(vm, "nproc"))

    def where(self, vm):
        """The hosts whose libvirt has a definition of the VM."""
        return [host for host in HOSTS if vm in self.virsh(host, "list", "--all", "--uuid").split()]

    # Disks -------------------------------------------------------------------------------------------------------

    def start_disk(self, vm):
        self.guest(vm, "disk", "start")
        wait_until("the first disk block", lambda: int(self.guest(vm, "cat", "/run/disk.count")) > 3, 30)

    def verify_disk(self, vm, image):
        """Stops the writer; the guest compares what it reads with what it wrote, we its checksum with the image's."""
        written = self.guest(vm, "disk", "stop")
        count, inside = self.guest(vm, "disk", "verify").split()
        if count != written:
            raise StackError(f"{written} disk blocks were written and {count} verified")
        with open(image, "rb") as file:
            outside = hashlib.sha256(file.read(int(count) * DISK_BLOCK)).hexdigest()
        if inside != outside:
            raise StackError(f"the guest reads {inside} from its disk, the image on the host has {outside}")
        return int(count), outside

    # Migrations --------------------------------------------------------------------------------------------------

    def migrate(self, vm, source, target):
        """A plain live migration, with the flags that Ebb's uses."""
        self.virsh(
            source, "migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--abort-on-error", "--unsafe",
            vm, self.uri(target), f"tcp://{HOSTS[target]}")

    def last_migration(self, vm, target):
        """libvirt's own figures of the migration that brought the VM here: how long in all, how long it stood still
        (both in ms)."""
        figures = self.virsh(target, "domjobinfo", vm, "--completed")
        found = {name: re.search(rf"{name}:\s+(\d+)\s+ms", figures) for name in ("Time elapsed", "Total downtime")}
        if None in found.values():
            raise StackError(f"libvirt tells no times of the migration of {vm}: {figures}")
        return tuple(int(match.group(1)) for match in found.values())


class Heartbeat:
    """One TCP connection to a guest, held open and listened to."""

    def __init__(self, lab, address):
        self.address = address
        self.beats = []
        self.process = subprocess.Popen(
            [*lab.inside(), sys.executable, str(Path(__file__).with_name("heartbeat.py")), address],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True, env=clean_environment())
        threading.Thread(target=self.listen, daemon=True).start()
        wait_until(f"the heartbeat of {address}", lambda: self.beats, 20)

    def listen(self):
        for line in self.process.stdout:
            at, number = line.split()
            self.beats.append((int(at), int(number)))

    def check(self):
        """The connection is still the same one and lost nothing; returns beats and the longest gap in ms."""
        count = len(self.beats)
        wait_until(f"more of the heartbeat of {self.address}", lambda: len(self.beats) > count + 20, 30)
        if self.process.poll() is not None:
            raise StackError(f"the TCP connection to {self.address} broke")
        beats = list(self.beats)
        for (_, former), (_, number) in zip(beats, beats[1:]):
            if number != former + 1:
                raise StackError(f"{self.address} lost heartbeats: {number} follows {former}")
        return len(beats), max(later - at for (at, _), (later, _) in zip(beats, beats[1:])) / 1e6

    def close(self):
        self.process.kill()
        self.process.wait(5)


class Watch:
    """Notes when each of several things was first seen to hold, while something else is waited for."""

    def __init__(self, **probes):
        self.probes, self.seen, self.ended = probes, {}, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ended.wait(0.1) and len(self.seen) < len(self.probes):
            for name, probe in self.probes.items():
                if name in self.seen:
                    continue
                try:
                    if probe():
                        self.seen[name] = time.time_ns()
                except (StackError, OSError, ValueError):
                    pass  # Not to be seen at this moment, such as a domain on its way.

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join(30)

    def wait(self, what, seconds):
        wait_until(what, lambda: len(self.seen) == len(self.probes), seconds)
        return self.seen
