# SPDX-License-Identifier: Apache-2.0
"""A private Ebb on this machine: its own PostgreSQL cluster, the simulated fleet, the five services.

Everything lives in one state directory, nothing in the system's places, and every process that was started is written
down there, so that `down` ends them all, also after a crash.
"""

import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ["monitor", "scheduler", "billing", "logger", "usergateway"]


class StackError(Exception):
    """One clear sentence: the culprit and the remedy."""


class ProcessEnded(StackError):
    """A part of the stack is gone: waiting any longer is of no use."""


def wait_until(what, probe, seconds=30.0):
    """Waits until `probe` gives something true and returns it; fails with `what` was waited for."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            result = probe()
            if result:
                return result
        except ProcessEnded:
            raise
        except (OSError, StackError, subprocess.CalledProcessError) as error:
            last = error
        time.sleep(0.05)
    raise StackError(f"{what} did not happen within {seconds:.0f} s" + (f" ({last})" if last else ""))


def free_port():
    """A port that nobody listens on, below those that the kernel hands out: until it is used nobody gets it by chance."""
    handed_out = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.randrange(handed_out // 2, handed_out)))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise StackError(f"no free port on 127.0.0.1 between {handed_out // 2} and {handed_out}")


def postgres_binaries():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    if not found:
        raise StackError("PostgreSQL's server programs are missing: apt-get install postgresql")
    if os.geteuid() == 0 and "postgres" not in [user.pw_name for user in pwd.getpwall()]:
        raise StackError("there is no user 'postgres' for the server to run as: apt-get install postgresql")
    return found[-1].parent


class Stack:
    """The processes and their state directory."""

    def __init__(self, directory, binaries, settings=None, prefix=None):
        self.directory = Path(directory).resolve()
        self.binaries = Path(binaries).resolve()
        self.settings = dict(settings or {})
        # What services and client are started with: in the lab they live in its network namespace, and PostgreSQL,
        # which does not, is reached by its socket from anywhere.
        self.prefix = list(prefix or [])
        self.processes = {}
        # The administrator's, and one for each service's role.
        self.password = None
        self.role_passwords = {}
        self.fleet_port = None
        self.gateway_port = None

    # State -------------------------------------------------------------------------------------------------------

    def path(self, *parts):
        return self.directory.joinpath(*parts)

    def remember(self):
        state = {
            "fleet_port": self.fleet_port,
            "gateway_port": self.gateway_port,
            "password": self.password,
            "role_passwords": self.role_passwords,
            "pids": {name: process.pid for name, process in self.processes.items()},
        }
        target = self.path("stack.json")
        draft = target.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(state, indent=2))
        os.replace(draft, target)

    def spawn(self, name, command, environment=None):
        log = open(self.path("log", f"{name}.log"), "ab")
        self.processes[name] = subprocess.Popen(
            self.prefix + command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**clean_environment(), **(environment or {})})
        log.close()
        self.remember()
        return self.processes[name]

    # PostgreSQL --------------------------------------------------------------------------------------------------

    def unprivileged(self, command):
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return command
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"] + command

    def start_postgres(self):
        binaries = postgres_binaries()
        self.path("log").mkdir(parents=True, exist_ok=True)
        data, run = self.path("postgres"), self.path("run")
        run.mkdir(exist_ok=True)
        self.password = secrets.token_hex(16)
        self.path("role-passwords").mkdir(mode=0o700, exist_ok=True)
        for service in SERVICES:
            self.role_passwords[service] = secrets.token_hex(16)
            file = self.path("role-passwords", f"{service}-password")
            file.touch(mode=0o600)
            file.write_text(self.role_passwords[service])
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            data.mkdir(exist_ok=True)
            for place in (data, run):
                os.chown(place, user.pw_uid, user.pw_gid)
            reachable(self.directory)
        password_file = run / "initial-password"
        password_file.write_text(self.password)
        if os.geteuid() == 0:
            os.chown(password_file, user.pw_uid, user.pw_gid)
        os.chmod(password_file, 0o600)
        quiet(self.unprivileged([
            str(binaries / "initdb"), "-D", str(data), "-U", "ebb_admin", "--auth=scram-sha-256",
            f"--pwfile={password_file}", "-E", "UTF8", "--locale=C", "--no-sync"]))
        password_file.unlink()
        # The socket's path must stay below 108 bytes, so it gets a short place of its own.
        self.socket_directory = short_directory(self.directory)
        if os.geteuid() == 0:
            os.chown(self.socket_directory, user.pw_uid, user.pw_gid)
        self.postgres_port = free_port()
        log = open(self.path("log", "postgres.log"), "ab")
        self.processes["postgres"] = subprocess.Popen(
            self.unprivileged([
                str(binaries / "postgres"), "-D", str(data), "-k", str(self.socket_directory), "-h", "127.0.0.1",
                "-p", str(self.postgres_port), "-c", "fsync=off", "-c", "max_connections=120"]),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=clean_environment())
        log.close()
        self.remember()
        wait_until("PostgreSQL's start", lambda: self.admin_sql("SELECT 1").strip() == "1")
        self.admin_sql("CREATE DATABASE ebb")

    def url(self, role, database="ebb"):
        host = str(self.socket_directory).replace("/", "%2F") if self.prefix else "127.0.0.1"
        password = self.role_passwords.get(role.removeprefix("ebb_"), self.password)
        return f"postgresql://{role}:{password}@{host}:{self.postgres_port}/{database}"

    def admin_sql(self, sql, database="postgres"):
        binaries = postgres_binaries()
        return subprocess.run(
            [str(binaries / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket_directory), "-p",
             str(self.postgres_port), "-U", "ebb_admin", "-d", database, "-c", sql],
            check=True, capture_output=True, text=True,
            env={**clean_environment(), "PGPASSWORD": self.password}).stdout

    def migrate(self):
        quiet([
            str(self.binaries / "ebb-migrate"), "--role-passwords", str(self.path("role-passwords")),
            "--create-administrator", "admin", "--token-file", str(self.path("admin.token"))],
            {"EBB_MIGRATE_DATABASE_URL": self.url("ebb_admin")})

    # Fleet and services ------------------------------------------------------------------------------------------

    def start_fleet(self, hosts=2, cores=4, memory="2GiB"):
        self.fleet_port = free_port()
        self.spawn("fleet", [
            str(self.binaries / "ebb-fleet"), "serve", "--hosts", str(hosts), "--cores", str(cores), "--memory", memory,
            "--bind", f"tcp://127.0.0.1:{self.fleet_port}", "--state-file", str(self.path("fleet.state")),
            "--keep-readings", "100000"])

    def start_service(self, service, name=None):
        """Starts one more instance; `name` tells several apart."""
        name = name or service
        settings = {"database.url": self.url(f"ebb_{service}"), **self.settings}
        if service == "monitor" and os.geteuid() == 0:
            settings.setdefault("monitor.user", "nobody")
        if service == "usergateway":
            self.gateway_port = self.gateway_port or free_port()
            settings["gateway.bind"] = f"127.0.0.1:{self.gateway_port}"
        command = [str(self.binaries / f"ebb-{service}")]
        environment = {"EBB_DATABASE_URL": settings.pop("database.url")}
        for key, value in sorted(settings.items()):
            command += ["--set", f"{key}={value}"]
        return self.spawn(name, command, environment)

    def start_services(self):
        for service in SERVICES:
            self.start_service(service)
        wait_until("the gateway's start", self.gateway_answers, 60)

    def gateway_answers(self):
        self.check_alive()
        return self.client(self.admin_token(), "host", "list") is not None

    def kill(self, name, sig=signal.SIGKILL):
        process = self.processes[name]
        process.send_signal(sig)
        process.wait(20)
        del self.processes[name]
        self.remember()

    def check_alive(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise ProcessEnded(
                    f"{name} ended with exit code {process.returncode}; its log is {self.path('log', name + '.log')}")

    def down(self):
        """Services first, then the fleet, PostgreSQL last; whoever does not stop within 12 s is killed."""
        outside = ["fleet", "postgres"]
        for names in [[name for name in self.processes if name not in outside], *([name] for name in outside)]:
            stopping = {name: self.processes[name] for name in names if name in self.processes}
            for name, process in stopping.items():
                if process.poll() is None:
                    process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
            for name, process in stopping.items():
                try:
                    process.wait(12)
                except subprocess.TimeoutExpired:
                    print(f"{name} did not stop within 12 s and was killed", file=sys.stderr)
                    process.kill()
                    process.wait(5)
        self.processes.clear()
        shutil.rmtree(getattr(self, "socket_directory", "/nonexistent"), ignore_errors=True)

    # The client --------------------------------------------------------------------------------------------------

    def client(self, token, *arguments, check=True):
        """Runs `ebb … -o json` and returns what it printed, decoded."""
        command = [str(self.binaries / "ebb"), *arguments, "-o", "json"]
        done = subprocess.run(
            self.prefix + command, capture_output=True, text=True,
            env={**clean_environment(), "EBB_ENDPOINT": f"tcp://127.0.0.1:{self.gateway_port}", "EBB_TOKEN": token})
        if check and done.returncode != 0:
            raise StackError(f"ebb {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def fleet(self, *arguments):
        command = [str(self.binaries / "ebb-fleet"), *arguments, "--endpoint", f"tcp://127.0.0.1:{self.fleet_port}"]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment()).stdout

    def admin_token(self):
        return self.path("admin.token").read_text().strip()


def clean_environment():
    """Ours, without settings that would leak into the private stack."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("EBB_", "PG"))}


def quiet(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env={**clean_environment(), **(environment or {})})
    if done.returncode != 0:
        raise StackError(f"{Path(command[0]).name}: {(done.stderr or done.stdout).strip()}")


def listening(port):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def reachable(directory):
    """PostgreSQL's user must be able to pass through the folders above its own."""
    for place in [directory, *directory.parents]:
        if not place.stat().st_mode & 0o001:
            raise StackError(
                f"the user 'postgres' can't enter {place}: clone Ebb to a folder that others may enter, "
                "or run this as an ordinary user")


def short_directory(directory):
    import hashlib
    import tempfile
    place = Path(tempfile.gettempdir()) / ("ebb-" + hashlib.sha256(str(directory).encode()).hexdigest()[:12])
    place.mkdir(mode=0o755, exist_ok=True)
    return place


def end_remembered(directory):
    """Ends what an earlier run wrote down and did not end."""
    state_file = Path(directory) / "stack.json"
    if not state_file.exists():
        return 0
    pids = json.loads(state_file.read_text())["pids"]
    ended = 0
    outside = ["fleet", "postgres"]
    for names in [[name for name in pids if name not in outside], *([name] for name in outside)]:
        running = {name: pids[name] for name in names if name in pids and ours(pids[name])}
        for name, pid in running.items():
            os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
        deadline = time.monotonic() + 12
        while time.monotonic() < deadline and any(ours(pid) for pid in running.values()):
            time.sleep(0.05)
        for pid in running.values():
            if ours(pid):
                os.kill(pid, signal.SIGKILL)
        ended += len(running)
    state_file.unlink()
    return ended


def ours(pid):
    """Whether the process is one of ours: a recycled number must not hit a stranger."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    name = Path(command).name
    return state != "Z" and (name.startswith("ebb") or name in ("postgres", "setpriv", "nsenter"))
