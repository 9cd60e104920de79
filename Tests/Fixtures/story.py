# SPDX-License-Identifier: Apache-2.0
"""What happens in the past that is kept: three tenants, two clusters, five simulated hosts, two minutes. Everything goes
through the client and the fleet's own administration, as people and the world do it."""

import json
import tempfile
import time

from stack import wait_until

GUESTS = ["guest-4-1", "guest-1-2"]


class Story:
    """Chapters, in the order in which `run` tells them."""

    def __init__(self, stack, say):
        self.stack, self.say, self.tokens, self.ids = stack, say, {}, {}

    # Whom one speaks as ------------------------------------------------------------------------------------------

    def admin(self, *arguments, **options):
        return self.stack.client(self.stack.admin_token(), *arguments, **options)

    def by(self, who, *arguments, **options):
        return self.stack.client(self.tokens[who], *arguments, **options)

    def refused(self, who, *arguments):
        """An order that is to fail, and whose failure is kept."""
        return self.by(who, *arguments, check=False)

    def load(self, vm, ppm):
        self.stack.fleet("administer", json.dumps(
            {"load": {"domain": self.ids[vm], "source": {"constant": {"ppm": ppm}}}}))

    def habits(self, vm, memory_ppm=600_000, bytes_per_second=20_000):
        self.stack.fleet("administer", json.dumps({"habits": {"domain": self.ids[vm], "habits": {
            "memory_use_ppm": memory_ppm, "received_bytes_per_second": bytes_per_second,
            "transmitted_bytes_per_second": bytes_per_second // 2, "block_read_bytes_per_second": 4096,
            "block_written_bytes_per_second": 8192}}}))

    def now(self):
        return int(self.stack.admin_sql("SELECT cluster.now_ns()", "ebb"))

    def count(self, what):
        return int(self.stack.admin_sql(f"SELECT count(*) FROM {what}", "ebb"))

    def wait_for(self, what, rows, seconds=40):
        wait_until(what, lambda: self.count(rows), seconds)

    def decided(self, vm, verdict, more="", since=0):
        self.wait_for(
            f"the decision to {verdict} {vm}", f"scheduling.decision WHERE domain = '{self.ids[vm]}' "
            f"AND verdict = '{verdict}' AND at_ns > {since} {more}")

    def succeeded(self, vm, verb, since=0):
        self.wait_for(
            f"the end of {verb} of {vm}", f"cluster.command WHERE domain = '{self.ids[vm]}' AND verb = '{verb}' "
            f"AND state = 'succeeded' AND finished_ns > {since}")

    # The chapters ------------------------------------------------------------------------------------------------

    def run(self):
        marks = [self.now()]
        for chapter in [
            self.hosts, self.people, self.machines, self.policies, self.sizes, self.resources, self.rates, self.lives,
            self.moves, self.guests, self.failures, self.freezes, self.settings, self.losses, self.waiting,
        ]:
            self.say(f"  {chapter.__name__}")
            chapter()
            if chapter == self.rates:
                marks.append(self.now())
        marks.append(self.now())
        return marks

    def hosts(self):
        for number, cluster in [(1, "main"), (2, "main"), (3, "main"), (4, "edge"), (5, "edge")]:
            self.admin("host", "add", self.stack.fleet_uri(f"host-{number}"), "--name", f"host-{number}", "--cluster",
                       cluster, "--cpu-overcommit", "3")
            if number < 5:
                self.admin("host", "enable", f"host-{number}")
        self.admin("host", "label", "host-1", "rack=a3", "floor=2")
        self.admin("host", "set", "host-2", "--reserve-vcpus", "1", "--reserve-memory", "256MiB")
        wait_until("every host's first reading", lambda: all(
            host["state"] == "up" for host in self.admin("host", "list")["items"]), 60)
        self.wait_for("ten guests that nobody made", "(SELECT 1 FROM inventory.domain HAVING count(*) = 10) AS x")
        for line in self.stack.admin_sql("SELECT name, id FROM inventory.domain", "ebb").split():
            name, domain = line.split("|")
            self.ids[name] = domain

    def people(self):
        for tenant in ["acme", "globex", "initech"]:
            self.admin("tenant", "create", tenant)
        for who, role, tenant in [
            ("ada", "owner", "acme"), ("abe", "member", "acme"), ("bea", "billing-viewer", "acme"),
            ("gus", "owner", "globex"), ("ida", "owner", "initech"), ("olga", "operator", None),
            ("otto", "auditor", None),
        ]:
            whose = ["--tenant", tenant] if tenant else []
            self.tokens[who] = self.admin("token", "create", who, "--role", role, *whose)["token"]

    def machines(self):
        def make(vm, tenant, host, vcpus, most, memory, *more):
            self.ids[vm] = self.admin(
                "vm", "create", vm, "--tenant", tenant, "--host", host, "--vcpus", str(vcpus), "--max-vcpus",
                str(most), "--memory", memory, "--disk", "10GiB", *more)["id"]
        make("web-1", "acme", "host-1", 2, 4, "512MiB", "--max-memory", "1GiB")
        make("db-1", "acme", "host-1", 1, 4, "512MiB")
        make("cache-1", "acme", "host-2", 2, 4, "256MiB")
        make("app-1", "globex", "host-2", 2, 4, "512MiB")
        make("temp-1", "globex", "host-2", 1, 2, "256MiB")
        make("big-1", "initech", "host-3", 4, 4, "512MiB")
        # Where the Scheduler chooses the host.
        self.ids["job-1"] = self.admin(
            "vm", "create", "job-1", "--tenant", "globex", "--vcpus", "1", "--max-vcpus", "2", "--memory", "256MiB",
            "--disk", "5GiB", "--cluster", "main")["id"]

    def policies(self):
        self.by("ada", "policy", "set", "web-1", "--lower", "15%", "--upper", "80%", "--ratio", "4/6", "--min-vcpus",
                "1", "--max-vcpus", "4")
        self.by("ada", "policy", "set", "db-1", "--lower", "20%", "--upper", "70%", "--ratio", "1/2", "--min-vcpus",
                "1", "--max-vcpus", "1", "--anti-affinity", "data")
        self.by("ada", "policy", "set", "cache-1", "--preset", "balanced", "--dry-run")
        self.by("gus", "policy", "set", "app-1", "--managed", "--goal", "1%", "--cooldown-up", "1s")
        self.by("ida", "policy", "set", "big-1", "--preset", "aggressive", "--min-vcpus", "4")
        self.load("big-1", 100_000)

    def sizes(self):
        """Growing and shrinking by the rule, dry, and at the bounds; a VM that leaves a host that is full."""
        self.load("web-1", 950_000)
        self.load("cache-1", 990_000)
        self.load("db-1", 990_000)
        self.decided("web-1", "grow")
        self.succeeded("web-1", "resize")
        self.decided("cache-1", "grow")
        self.decided("db-1", "refuse")
        self.wait_for("a move off host-2, which is full", "scheduling.decision d JOIN cluster.command c ON c.id = "
                      "d.command WHERE d.verdict = 'migrate' AND c.state = 'succeeded'", 60)
        self.load("cache-1", 400_000)
        self.load("web-1", 50_000)
        self.load("db-1", 300_000)
        self.decided("web-1", "shrink")
        self.wait_for("web-1 at one vCPU", f"inventory.domain WHERE id = '{self.ids['web-1']}' AND granted_vcpus = 1")
        self.load("web-1", 300_000)

    def resources(self):
        """Memory and network."""
        self.by("ada", "policy", "set", "web-1", "--min-memory", "256M", "--max-memory", "1G")
        self.by("olga", "vm", "cap", "web-1", "--network", "100K")
        self.by("ada", "policy", "set", "web-1", "--min-network", "50K", "--max-network", "10M", "--cooldown-up", "1s")
        since = self.now()
        self.habits("web-1", memory_ppm=930_000, bytes_per_second=99_000)
        self.decided("web-1", "grow", "AND summary LIKE '%iB:%'", since)
        self.decided("web-1", "grow", "AND summary LIKE '%B/s:%'", since)
        self.succeeded("web-1", "network-cap", since)
        self.habits("web-1")

    def rates(self):
        """A second rate card: dearer, and without an advantage for who lets idle vCPUs be taken back."""
        card = self.admin("rate", "show")["card"]
        card["prices"].update({"vcpuHour": 25_000_000, "cpuHour": 1_000_000})
        card["factor"].update({"base": 700_000, "maximum": 1_200_000, "ratioWeight": 150_000})
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(card, file)
            file.flush()
            self.admin("rate", "set", file.name)

    def lives(self):
        """Stops, starts, pauses, snapshots, ceilings; a VM that is deleted and one that gets its name."""
        gus = lambda *arguments: self.by("gus", *arguments)  # noqa: E731
        gus("vm", "pause", "app-1")
        gus("vm", "resume", "app-1")
        gus("vm", "save", "app-1")
        gus("vm", "restore", "app-1")
        gus("vm", "reboot", "app-1")
        gus("vm", "snapshot", "app-1", "first")
        gus("vm", "snapshot", "app-1", "second")
        gus("vm", "revert", "app-1", "first", "--yes")
        gus("vm", "snapshot", "delete", "app-1", "second", "--yes")
        gus("vm", "prepare", "temp-1", "--max-vcpus", "3", "--max-memory", "512M")
        gus("vm", "shutdown", "temp-1", "--grace", "5s", "--force", "--yes")
        gus("vm", "start", "temp-1")
        self.by("olga", "vm", "cap", "temp-1", "--cpu", "50%", "--tenant", "globex")
        self.by("olga", "vm", "cap", "temp-1", "--cpu", "none", "--tenant", "globex")
        gus("vm", "resize", "temp-1", "--vcpus", "2")
        gus("vm", "shutdown", "temp-1", "--force", "--yes")
        gus("vm", "delete", "temp-1", "--yes")
        self.ids["temp-1"] = self.admin(
            "vm", "create", "temp-1", "--tenant", "globex", "--flavor", "tiny", "--cluster", "main")["id"]
        gus("vm", "shutdown", "job-1", "--force", "--yes")

    def moves(self):
        """A move that people order, and one that they abort."""
        self.by("olga", "vm", "migrate", "app-1", "--tenant", "globex", "--to", "host-3")
        self.by("olga", "vm", "migrate", "app-1", "--tenant", "globex", "--to", "host-1", "--no-wait")
        time.sleep(0.3)
        self.by("olga", "vm", "migrate", "app-1", "--tenant", "globex", "--abort", check=False)
        self.by("ada", "policy", "clear", "db-1")

    def guests(self):
        """What was found on a host: adopted, used, given back, adopted by another tenant."""
        first, second = GUESTS
        for vm, tenant in [(first, "acme"), (second, "initech")]:
            self.by("olga", "vm", "adopt", vm, "--tenant", tenant)
        self.by("ada", "policy", "set", first, "--preset", "aggressive", "--min-vcpus", "1")
        since = self.now()
        self.load(first, 990_000)
        self.decided(first, "grow", since=since)
        self.succeeded(first, "resize", since)
        self.load(first, 400_000)
        time.sleep(2)
        self.by("olga", "vm", "release", first, "--tenant", "acme", "--yes")
        time.sleep(2)
        self.by("olga", "vm", "adopt", first, "--tenant", "globex")
        self.by("gus", "policy", "set", first, "--lower", "10%", "--upper", "90%", "--ratio", "1/2")
        time.sleep(3)
        self.by("olga", "vm", "release", second, "--tenant", "initech", "--yes")

    def failures(self):
        """Orders that fail, and one whose end nobody knows."""
        self.stack.fleet("fail", "--verb", "resize", "--message", "the balloon is stuck")
        self.refused("gus", "vm", "resize", "temp-1", "--vcpus", "2")
        self.stack.fleet("fail", "--verb", "suspend", "--delay-ms", "9000")
        self.refused("gus", "vm", "pause", "temp-1")
        self.refused("gus", "vm", "migrate", "temp-1", "--to", "host-1")
        self.refused("gus", "vm", "create", "huge-1", "--flavor", "huge")
        self.by("olga", "vm", "migrate", "app-1", "--tenant", "globex", "--to", "host-2", "--no-wait")
        time.sleep(0.5)
        self.stack.kill("monitor")
        self.stack.start_service("monitor", "monitor")
        self.succeeded("app-1", "migrate")
        self.wait_for("an end that nobody knows", "cluster.command WHERE code = 'outcome-unknown'")
        self.wait_for("an end of every order", "(SELECT 1 WHERE NOT EXISTS (SELECT FROM cluster.command WHERE state "
                      "IN ('queued', 'claimed'))) AS x")

    def freezes(self):
        self.by("ada", "freeze", "--vm", "web-1", "--reason", "an experiment")
        self.by("olga", "freeze", "--tenant", "globex", "--reason", "unpaid")
        self.by("olga", "freeze", "--cluster", "main", "--reason", "repairs")
        since = self.now()
        self.load("web-1", 1_900_000)
        self.wait_for("a decision under a freeze", "scheduling.decision WHERE record LIKE '%frozen%' AND "
                      f"at_ns > {since}")
        self.by("ada", "unfreeze", "--vm", "web-1")
        self.by("olga", "unfreeze", "--cluster", "main")
        self.load("web-1", 300_000)

    def settings(self):
        self.by("olga", "cluster", "set", "main", "--dry-run", "--blackout", "mon,fri@03:00+1h")
        self.by("olga", "cluster", "set", "main", "--no-dry-run", "--weight-response", "0.2", "--weight-cpu", "0.5",
                "--weight-memory", "0.3", "--moves-per-cluster", "4", "--move-rest", "10s")
        self.by("olga", "tenant", "set", "acme", "--weight", "200")
        self.by("olga", "tenant", "set", "acme", "--weight", "300", "--dry-run")
        self.by("olga", "tenant", "set", "acme", "--no-dry-run")
        self.by("ada", "policy", "set", "web-1", "--opt-out")

    def losses(self):
        """A host without power and one that hangs; a Logger that was away for too long; an auditor's lost token."""
        self.stack.fleet("kill", "--host", "host-3")
        self.stack.fleet("hang", "--host", "host-4")
        self.stack.kill("logger")
        time.sleep(8)
        self.stack.fleet("resume", "--host", "host-3")
        self.stack.fleet("resume", "--host", "host-4")
        time.sleep(4)
        self.stack.start_service("logger")
        self.wait_for("a gap", "log.gap", 60)
        wait_until("host-3 and host-4 to be up", lambda: all(
            host["state"] == "up" for host in self.admin("host", "list")["items"]), 60)
        wait_until("big-1 to be started", lambda: self.by("ida", "vm", "start", "big-1"), 30)
        self.stack.renew_administrator()
        self.admin("host", "remove", "host-5", "--yes")
        self.admin("host", "add", self.stack.fleet_uri("host-5"), "--name", "attic", "--cluster", "edge")
        self.by("olga", "host", "drain", "host-2")

    def waiting(self):
        """A growth that no host has room for."""
        self.by("ida", "vm", "shutdown", "big-1", "--force", "--yes")
        self.by("ida", "vm", "prepare", "big-1", "--max-vcpus", "8")
        self.by("ida", "vm", "start", "big-1")
        self.by("ida", "policy", "set", "big-1", "--lower", "10%", "--upper", "60%", "--ratio", "1/2", "--min-vcpus",
                "4", "--max-vcpus", "8")
        for number in [1, 2, 3]:
            self.admin("host", "set", f"host-{number}", "--cpu-overcommit", "1")
        self.load("big-1", 2_000_000)
        self.wait_for("a growth that waits", "scheduling.waiting_growth", 60)

    # What is asked -----------------------------------------------------------------------------------------------

    def questions(self):
        """One of every question, so that it and its answer cross the wire."""
        self.admin("host", "check", "host-1", check=False)
        self.by("gus", "vm", "check", "app-1")
        self.by("gus", "vm", "snapshots", "app-1")
        self.by("gus", "vm", "prepare", "app-1", "--max-vcpus", "6", "--max-memory", "2G", "--dry-run")
        self.by("gus", "vm", "console", "app-1", "--offset", "0", "--limit", "100", check=False)
        self.by("gus", "vm", "addresses", "app-1", check=False)
        web = self.ids["web-1"]
        grown = self.stack.admin_sql(
            f"SELECT id, at_ns FROM scheduling.decision WHERE domain = '{web}' AND verdict = 'grow' ORDER BY at_ns "
            "LIMIT 1", "ebb").strip().split("|")
        decision = self.admin("decision", "show", grown[0])
        self.by("ada", "decision", "show", grown[0])
        self.by("ada", "decision", "why", "web-1", "--at", decision["at"])
        self.admin("decision", "why", "web-1", "--tenant", "acme")
        self.admin("decision", "verify", grown[0])
        self.by("ada", "policy", "replay", "web-1", "--lower", "30%", "--upper", "80%", "--ratio", "2/3", "--from",
                self.instant("-100 seconds"), "--to", self.instant("-5 seconds"))
        self.admin("assess", "--cluster", "main", "--from", self.instant("-100 seconds"))
        self.admin("rate", "show", "--at", self.instant("-100 seconds"))
        self.admin("queue")
        self.admin("operation", "list")

    def instant(self, offset):
        return self.stack.admin_sql(
            f"SELECT to_char((now() + interval '{offset}') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')").strip()
