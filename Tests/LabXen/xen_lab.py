#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two real Xen hosts on one machine, without hardware virtualisation: each is one QEMU process that emulates a PC, on
which Xen and a Debian Domain 0 with libvirt's Xen driver run.

  xen_lab.py up                       make the image (once), boot both hosts, wait until both answer
  xen_lab.py down                     end both and remove their state (keeps the image)
  xen_lab.py status                   what runs, and the URIs
  xen_lab.py exec HOST COMMAND...     run a command in a host's Domain 0 (xen-a, xen-b)
  xen_lab.py virsh HOST ARGUMENTS...  virsh, connected to a host
  xen_lab.py load VM PERCENT          have a guest use that much CPU time, in percent of one vCPU (may exceed 100)
  xen_lab.py processors VM            how many processors the guest itself says are online

EBB_LAB_XEN_DIR (default: .build/lab-xen of this package) holds all its state. It needs root only to make the image, and
touches nothing of the machine: no interface, no mount. Each host is reached under a loopback address of its own, and
the cable between both is a pair of Unix sockets. A host that is held for minutes (SIGSTOP) loses Xen's clock for good:
take it down instead.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
NETWORK = "127.0.77"
HOSTS = {"xen-a": f"{NETWORK}.11", "xen-b": f"{NETWORK}.12"}
PORT = 16509
# Under emulation, with both booting at once on two cores.
BOOT_SECONDS = 420
MEMORY, CONTROL_DOMAIN_MEMORY = "2048", "1024M"
GUEST_KERNEL, GUEST_INITRD = "/lab/vmlinuz", "/lab/initrd.img"
GUEST_NETWORK = "10.211.78"


class XenLabError(Exception):
    """One clear sentence: the culprit and the remedy."""


def environment():
    return {key: value for key, value in os.environ.items() if not key.startswith("LIBVIRT_")}


def start_time(pid):
    """When a process started, in ticks since boot: a number that is used again starts at another time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def command_line(number):
    """Of a guest's kernel; `number` is the last one of its address."""
    return f"console=hvc0 quiet lab.ip={GUEST_NETWORK}.{number}/24"


def definition(name, number):
    """A PV guest that has one vCPU of two, as its owner might have defined it before Ebb came."""
    return f"""<domain type='xen'>
  <name>{name}</name>
  <memory unit='MiB'>160</memory>
  <vcpu placement='static' current='1'>2</vcpu>
  <os>
    <type arch='x86_64' machine='xenpv'>linux</type>
    <kernel>{GUEST_KERNEL}</kernel>
    <initrd>{GUEST_INITRD}</initrd>
    <cmdline>{command_line(number)}</cmdline>
  </os>
  <devices>
    <interface type='bridge'><source bridge='br0'/></interface>
    <console type='pty'><target type='xen' port='0'/></console>
  </devices>
</domain>
"""


class XenHost:
    """One emulated PC."""

    def __init__(self, name, number, directory, image):
        self.name, self.number, self.directory, self.image = name, number, directory, image
        self.address = HOSTS[name]
        self.uri = f"xen+tcp://{self.address}/"

    def path(self, name):
        return self.directory / f"{self.name}.{name}"

    def command(self):
        peers = ";".join(f"{name}:{address}" for name, address in HOSTS.items())
        identity = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}.lab-xen"))
        # The lists after -initrd and -append are divided by commas and spaces: no value may hold either.
        # The credit scheduler, because libvirt's Xen driver sets weights and caps of no other one.
        xen = f"dom0_mem={CONTROL_DOMAIN_MEMORY},max:{CONTROL_DOMAIN_MEMORY} dom0_max_vcpus=1 sched=credit console=com1"
        kernel = (
            f"{self.image / 'vmlinuz'} console=hvc0 rw quiet lab.host={self.name} lab.uuid={identity} "
            f"lab.address={self.address} lab.peers={peers}")
        hardware = f"52:54:00:eb:b{self.number}"
        other = next(name for name in HOSTS if name != self.name)
        ours, theirs = self.path("cable"), self.directory / f"{other}.cable"
        return [
            "qemu-system-x86_64", "-name", f"ebb-lab-{self.name}", "-nodefaults", "-display", "none", "-no-reboot",
            "-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2", "-m", MEMORY,
            "-uuid", identity, "-kernel", str(self.image / "xen"), "-append", xen,
            "-initrd", f"{kernel},{self.image / 'initrd.img'}",
            "-drive", f"file={self.path('disk')},if=virtio,format=qcow2,cache=unsafe",
            "-netdev", f"user,id=control,restrict=on,hostfwd=tcp:{self.address}:{PORT}-10.0.2.15:{PORT}",
            "-device", f"virtio-net-pci,netdev=control,mac={hardware}:01,romfile=",
            "-netdev", f"dgram,id=cable,local.type=unix,local.path={ours},remote.type=unix,remote.path={theirs}",
            "-device", f"virtio-net-pci,netdev=cable,mac={hardware}:02,romfile=",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self.path('agent')},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-serial", f"file:{self.path('console')}",
        ]

    # The process ---------------------------------------------------------------------------------------------------

    def pid(self):
        """`None` if it does not run."""
        try:
            pid, started = self.path("pid").read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if start_time(pid) == started else None

    def start(self):
        for name in ("disk", "cable", "agent"):
            self.path(name).unlink(missing_ok=True)
        quiet(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(self.image / "root.img"),
               str(self.path("disk"))])
        with open(self.path("log"), "wb") as log:
            process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env=environment())
        self.path("pid").write_text(f"{process.pid} {start_time(process.pid)}")
        self.process = process

    def check(self):
        if self.pid() is None or getattr(self, "process", None) and self.process.poll() is not None:
            raise XenLabError(
                f"{self.name} has ended: see {self.path('log')} and its console {self.path('console')}")

    def signal(self, number):
        if (pid := self.pid()) is not None:
            os.kill(pid, number)

    def end(self):
        self.signal(signal.SIGKILL)
        if getattr(self, "process", None):
            self.process.wait(20)
        deadline = time.monotonic() + 20
        while self.pid() is not None:
            if time.monotonic() > deadline:
                raise XenLabError(f"process {self.pid()}, {self.name}, does not end")
            time.sleep(0.05)

    # Domain 0 ------------------------------------------------------------------------------------------------------

    def ask(self, execute, arguments, seconds):
        """One request to Domain 0's agent, in a connection of its own."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(self.path("agent")))
            stream = connection.makefile("rwb")
            # What an earlier asker did not wait for must not be taken for our answer.
            number = int.from_bytes(os.urandom(4))
            self.send(stream, "guest-sync", {"id": number})
            while self.receive(stream).get("return") != number:
                pass
            self.send(stream, execute, arguments)
            answer = self.receive(stream)
        if "error" in answer:
            raise XenLabError(f"{self.name}: {execute}: {answer['error'].get('desc')}")
        return answer["return"]

    @staticmethod
    def send(stream, execute, arguments):
        stream.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        stream.flush()

    @staticmethod
    def receive(stream):
        line = stream.readline()
        if not line:
            raise XenLabError("the agent of Domain 0 closed its connection")
        return json.loads(line.lstrip(b"\xff"))

    def run(self, *command, seconds=60):
        """What the command printed; fails with what it complained of."""
        deadline = time.monotonic() + seconds
        begun = self.ask("guest-exec", {
            "path": command[0], "arg": list(command[1:]), "capture-output": True,
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}, seconds)
        while True:
            status = self.ask("guest-exec-status", {"pid": begun["pid"]}, seconds)
            if status["exited"]:
                break
            if time.monotonic() > deadline:
                raise XenLabError(f"{self.name}: {command[0]} did not end within {seconds} s")
            time.sleep(0.05)
        output = base64.b64decode(status.get("out-data", "")).decode(errors="replace")
        if status.get("exitcode") != 0:
            complaint = base64.b64decode(status.get("err-data", "")).decode(errors="replace")
            raise XenLabError(f"{self.name}: {' '.join(command)}: {(complaint or output).strip()}")
        return output.strip()

    def virsh(self, *arguments, seconds=60):
        done = subprocess.run(
            ["virsh", "--connect", self.uri, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds, env=environment())
        if done.returncode != 0:
            raise XenLabError(f"virsh on {self.name}: {' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def define(self, name, number):
        """Makes a guest known without starting it."""
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(definition(name, number))
            file.flush()
            self.virsh("define", file.name)

    def answers(self):
        self.check()
        try:
            self.virsh("list", seconds=5)
            return "Domain-0" in self.run("xl", "list", seconds=20)
        except (XenLabError, OSError, subprocess.TimeoutExpired):
            return False


class XenLab:
    """Both hosts, and the guests wherever they are."""

    def __init__(self, directory=None):
        chosen = directory or os.environ.get("EBB_LAB_XEN_DIR") or HERE.parent.parent / ".build" / "lab-xen"
        self.directory = Path(chosen).resolve()
        self.state, self.image = self.directory / "state", self.directory / "image"
        self.hosts = {
            name: XenHost(name, number, self.state, self.image) for number, name in enumerate(HOSTS, start=1)}

    def make_image(self):
        """Its processes and mounts are in namespaces of their own: they all end with the first one."""
        self.image.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--",
             str(HERE / "image.sh"), str(self.image)],
            stdin=subprocess.DEVNULL, env=environment(), start_new_session=True)
        try:
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait(60)
            raise
        if code != 0:
            raise XenLabError(f"the image of the hosts could not be made: image.sh ended with {code}")

    def up(self):
        if any(host.pid() for host in self.hosts.values()):
            raise XenLabError(f"the lab is up already (state in {self.state}): take it down first")
        self.make_image()
        self.state.mkdir(parents=True, exist_ok=True)
        # Whoever may enter here may command both hosts.
        self.state.chmod(0o700)
        try:
            for host in self.hosts.values():
                host.start()
            deadline = time.monotonic() + BOOT_SECONDS
            for host in self.hosts.values():
                while not host.answers():
                    if time.monotonic() > deadline:
                        raise XenLabError(
                            f"{host.name} did not boot within {BOOT_SECONDS} s: see {host.path('console')}")
                    time.sleep(1)
        except BaseException:
            self.end_all()
            raise

    def end_all(self):
        for host in self.hosts.values():
            host.end()

    def down(self):
        self.end_all()
        for host in self.hosts.values():
            for name in ("disk", "cable", "agent", "pid"):
                host.path(name).unlink(missing_ok=True)

    # Guests --------------------------------------------------------------------------------------------------------

    def where(self, vm):
        """The hosts whose libvirt has a definition of the VM."""
        return [name for name, host in self.hosts.items() if vm in host.virsh("list", "--all", "--uuid").split()]

    def running(self, vm):
        """The host on which a VM runs and its number there; it may be named by name or UUID."""
        for host in self.hosts.values():
            try:
                number = host.virsh("domid", vm)
            except XenLabError:
                continue
            if number.isdigit():
                return host, number
        raise XenLabError(f"no host runs a domain '{vm}'")

    def load(self, vm, percent):
        """Returns when the guest has taken it over."""
        host, number = self.running(vm)
        folder = f"/local/domain/{number}/data"
        # The guest's folder is its own; what its host writes there, the guest must still be able to read.
        host.run("sh", "-c", f"xenstore rm {folder}/accepted 2>/dev/null; "
                             f"xenstore write {folder}/load {int(percent)} && xenstore chmod {folder}/load n{number}")
        deadline = time.monotonic() + 30
        while True:
            try:
                if host.run("xenstore", "read", f"{folder}/accepted") == str(int(percent)):
                    return
            except XenLabError:
                pass  # Not written yet.
            if time.monotonic() > deadline:
                raise XenLabError(f"{vm} on {host.name} did not take a load of {percent} % over within 30 s")
            time.sleep(0.2)

    def processors(self, vm):
        host, number = self.running(vm)
        return int(host.run("xenstore", "read", f"/local/domain/{number}/data/processors"))


def quiet(command):
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        raise XenLabError(f"{Path(command[0]).name}: {(done.stderr or done.stdout).strip()}")


def status(lab):
    for host in lab.hosts.values():
        print(f"{host.name} {host.uri} {'up' if host.pid() else 'down'}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    command, *arguments = sys.argv[1:]
    lab = XenLab()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        match command, arguments:
            case "up", []:
                lab.up()
                status(lab)
            case "down", []: lab.down()
            case "status", []: status(lab)
            case "exec", [host, *words] if host in HOSTS and words: print(lab.hosts[host].run(*words))
            case "virsh", [host, *words] if host in HOSTS and words: print(lab.hosts[host].virsh(*words))
            case "load", [vm, percent]: lab.load(vm, percent)
            case "processors", [vm]: print(lab.processors(vm))
            case _: sys.exit(__doc__)
    except KeyboardInterrupt:
        sys.exit(130)
    except (XenLabError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"lab-xen: {error}")


if __name__ == "__main__":
    main()
