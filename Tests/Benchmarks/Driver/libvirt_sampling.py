# SPDX-License-Identifier: Apache-2.0
"""Ebb's sampler beside collectd's virt plugin and prometheus-libvirt-exporter, through one private libvirtd.

The daemon runs unprivileged, with sockets and state in a folder of its own; the system's libvirtd is never asked.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

from measure import ROOT, cpu_seconds
from stack import StackError, clean_environment, free_port, short_directory, wait_until

RUNS = 5
TEST_DOMAINS = 1000
QEMU_DOMAINS = 20


class Daemon:
    """A libvirtd of an ordinary user."""

    def __init__(self):
        self.folder = short_directory(ROOT / ".build" / "bench" / "libvirtd")
        self.user = None
        if os.geteuid() == 0:
            self.user = pwd.getpwnam("nobody")
        self.guests = []

    def unprivileged(self, command):
        if self.user is None:
            return command
        return ["setpriv", "--reuid", "nobody", "--regid", str(self.user.pw_gid), "--clear-groups", "--", *command]

    def environment(self):
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_CONFIG_HOME": str(self.folder / "home" / "config"), "XDG_CACHE_HOME": str(self.folder / "home" / "cache")}

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ["home", "run"]:
            (self.folder / name).mkdir(parents=True, mode=0o700)
        if self.user is not None:
            for place in [self.folder, self.folder / "home", self.folder / "run"]:
                os.chown(place, self.user.pw_uid, self.user.pw_gid)
        (self.folder / "test.xml").write_text(test_host(TEST_DOMAINS))
        self.log = open(self.folder / "libvirtd.log", "wb")
        self.process = subprocess.Popen(
            self.unprivileged(["/usr/sbin/libvirtd"]), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=self.environment(), start_new_session=True)
        self.socket = self.folder / "run" / "libvirt" / "libvirt-sock"
        wait_until("the private libvirtd's start", self.socket.exists, 30)

    def virsh(self, uri, *arguments):
        done = subprocess.run(
            self.unprivileged(["virsh", "-c", uri, *arguments]), capture_output=True, text=True, env=self.environment())
        if done.returncode != 0:
            raise StackError(f"virsh {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    @property
    def test_uri(self):
        return f"test+unix:///{self.folder}/test.xml?socket={self.socket}".replace("////", "///")

    @property
    def qemu_uri(self):
        return f"qemu+unix:///session?socket={self.socket}"

    def start_guests(self):
        """Guests without an image: the firmware finds nothing to boot and idles."""
        for number in range(1, QEMU_DOMAINS + 1):
            disk = self.folder / "home" / f"disk-{number}.img"
            with open(disk, "wb") as image:
                image.truncate(1 << 20)
            if self.user is not None:
                os.chown(disk, self.user.pw_uid, self.user.pw_gid)
            definition = self.folder / f"guest-{number}.xml"
            definition.write_text(qemu_guest(number, disk))
            self.virsh(self.qemu_uri, "create", str(definition))
            self.guests.append(f"idle-{number}")

    def stop(self):
        for guest in self.guests:
            try:
                self.virsh(self.qemu_uri, "destroy", guest)
            except StackError:
                continue
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_host(domains):
    """A file for libvirt's test driver. Without disks: it has no statistics of them, and whoever asks gets an error."""
    guests = "".join(
        f"<domain type='test'><name>vm-{number}</name><uuid>{uuid.UUID(int=number + (1 << 100))}</uuid>"
        "<memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
        "<devices><interface type='network'><source network='default'/>"
        f"<mac address='52:54:00:00:{number >> 8:02x}:{number & 255:02x}'/><target dev='net{number}'/></interface>"
        "</devices></domain>" for number in range(1, domains + 1))
    return (
        "<node><cpu><mhz>2400</mhz><model>x86_64</model><active>64</active><nodes>1</nodes><sockets>1</sockets>"
        f"<cores>64</cores><threads>1</threads></cpu><memory>1073741824</memory>{guests}</node>")


def qemu_guest(number, disk):
    return f"""<domain type='qemu'><name>idle-{number}</name><memory unit='MiB'>16</memory>
<vcpu current='1'>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>
<target dev='vda' bus='virtio'/></disk><interface type='user'><model type='virtio'/></interface>
<memballoon model='virtio'/></devices></domain>"""


class Collectd:
    """collectd's virt plugin alone, reading what Ebb reads and writing nowhere."""

    def __init__(self, daemon, uri, interval, extra):
        self.folder = daemon.folder / "collectd"
        self.folder.mkdir(exist_ok=True)
        configuration = self.folder / "collectd.conf"
        configuration.write_text(
            f'BaseDir "{self.folder}"\nPIDFile "{self.folder}/pid"\nInterval {interval}\nReadThreads 1\nWriteThreads 1\n'
            'FQDNLookup false\nLoadPlugin logfile\n<Plugin logfile>\nLogLevel "warning"\n'
            f'File "{self.folder}/log"\n</Plugin>\n'
            f'LoadPlugin virt\n<Plugin virt>\nConnection "{uri}"\nRefreshInterval 3600\nInstances 1\n'
            f'ExtraStats "{extra}"\n</Plugin>\n')
        self.process = subprocess.Popen(
            ["collectd", "-f", "-C", str(configuration)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=clean_environment())

    def overruns(self):
        """Cycles that took longer than the interval, by collectd's own complaint."""
        log = self.folder / "log"
        return log.read_text().count("above its read interval") if log.exists() else 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def run_collectd(figures, daemon, uri, domains, interval, extra, cycles):
    """CPU microseconds per domain and cycle: collectd's own, and the daemon's for it."""
    collectd = Collectd(daemon, uri, interval, extra)
    try:
        time.sleep(2 * interval + 2)
        own, served = [], []
        overruns = collectd.overruns()
        for _ in range(RUNS):
            if collectd.process.poll() is not None:
                raise StackError(f"collectd ended: {(collectd.folder / 'log').read_text()[-300:]}")
            before = cpu_seconds(collectd.process.pid), cpu_seconds(daemon.process.pid)
            time.sleep(cycles * interval)
            own.append((cpu_seconds(collectd.process.pid) - before[0]) / cycles / domains * 1e6)
            served.append((cpu_seconds(daemon.process.pid) - before[1]) / cycles / domains * 1e6)
        overruns = collectd.overruns() - overruns
        if overruns:
            figures.note(
                f"{overruns} of collectd's cycles took longer than {interval} s on this loaded machine: "
                "its figures at that interval are too low")
        return own, served
    finally:
        collectd.stop()


def run_exporter(daemon, uri, scrapes):
    """The same of prometheus-libvirt-exporter, which reads when it is scraped."""
    port = free_port()
    exporter = subprocess.Popen(
        ["prometheus-libvirt-exporter", f"--web.listen-address=127.0.0.1:{port}", f"--libvirt.uri={uri}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
    try:
        def scrape():
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120).read().decode()
        text = wait_until("the exporter's first answer", scrape, 60)
        # It lists 512 domains at most.
        domains = sum(line.startswith("libvirt_domain_info_cpu_time_seconds_total") for line in text.splitlines())
        own, served = [], []
        for _ in range(RUNS):
            before = cpu_seconds(exporter.pid), cpu_seconds(daemon.process.pid)
            for _ in range(scrapes):
                scrape()
            own.append((cpu_seconds(exporter.pid) - before[0]) / scrapes / domains * 1e6)
            served.append((cpu_seconds(daemon.process.pid) - before[1]) / scrapes / domains * 1e6)
        return own, served
    finally:
        exporter.terminate()
        exporter.wait(10)


def run_ebb(figures, daemon, uri, cycles, interval_ms):
    runs = [
        figures.measure(
            "sample", "--uri", uri, "--cycles", cycles, "--interval-ms", interval_ms, "--daemon-pid", daemon.process.pid)
        for _ in range(RUNS)]
    return runs


def compare(figures, daemon, label, uri, domains, aim, extra, interval, cycles):
    ours = run_ebb(figures, daemon, uri, cycles, 100)
    if ours[0]["domains"] != domains or ours[0]["measured"] != domains:
        raise StackError(f"Ebb measured {ours[0]['measured']} of {domains} domains at {uri}")
    own = [run["cpuMicrosecondsPerDomain"] for run in ours]
    served = [run["daemonMicrosecondsPerDomain"] for run in ours]
    figures.add(f"{label}: wall time", [run["wallMicrosecondsPerDomain"] for run in ours], "µs/domain")
    peers = {"collectd": lambda: run_collectd(figures, daemon, uri, domains, interval, extra, cycles),
             "exporter": lambda: run_exporter(daemon, uri, cycles)}
    for peer, measure in peers.items():
        theirs, theirs_served = measure()
        aims = {"ratio_at_most": aim} if peer == "collectd" else {}
        figures.add(f"{label}: CPU beside {peer}", own, "µs/domain", theirs, **aims)
        figures.add(f"{label}: libvirtd's CPU beside {peer}'s", served, "µs/domain", theirs_served)


def run(figures):
    for program in ["/usr/sbin/libvirtd", "/usr/sbin/collectd", "/usr/bin/prometheus-libvirt-exporter"]:
        if not Path(program).exists():
            raise StackError(f"{program} is missing; `make bench-monitor` installs it")
    daemon = Daemon()
    daemon.start()
    try:
        compare(figures, daemon, f"{TEST_DOMAINS} test domains, one by one", daemon.test_uri, TEST_DOMAINS, 1.0,
                "domain_state vcpu", interval=5, cycles=2)
        daemon.start_guests()
        time.sleep(10)
        compare(figures, daemon, f"{QEMU_DOMAINS} QEMU domains in bulk", daemon.qemu_uri, QEMU_DOMAINS, 0.5,
                "domain_state vcpu memory", interval=0.5, cycles=40)
    finally:
        daemon.stop()
