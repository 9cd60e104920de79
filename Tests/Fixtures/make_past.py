#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the fixtures of one version: a stack in which much happened, its database, its bills, its decisions and one
message of each kind. Tests/Fixtures/README.md says what they are for. Run it once for each version, before the next one
begins; it never overwrites.

  Tests/Fixtures/make_past.py --binaries .build/debug --version 0.1
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "demo"))
import curve  # noqa: E402
import protobuf  # noqa: E402
import tap  # noqa: E402
from demo import LocalStack  # noqa: E402
from stack import ROOT, StackError, clean_environment, end_remembered, free_port  # noqa: E402
from stack import postgres_binaries, quiet, wait_until  # noqa: E402
from story import Story  # noqa: E402

# What services are started with: short, so that much happens soon; and as many moves and changes as there are.
SETTINGS = {
    "monitor.pollInterval": "500ms", "monitor.readingInterval": "10s", "monitor.callTimeout": "2s",
    "monitor.commandTimeout": "4s", "scheduler.samplingInterval": "500ms", "scheduler.windowLength": "6",
    "scheduler.cooldownUp": "1s", "scheduler.cooldownDown": "2s", "scheduler.unknownBound": "1000000",
    "scheduler.retryAfterNoRoom": "5s", "scheduler.moveRest": "5s", "scheduler.minimumImprovement": "10000",
    "scheduler.freezeFailedShare": "1000000",
    "scheduler.freezeChangedShare": "1000000", "scheduler.managedInterval": "1s",
    "membership.heartbeatInterval": "200ms", "membership.timeToLive": "1500ms", "bus.heartbeatInterval": "200ms",
    "bus.spoolMessages": "5", "logger.batchAge": "100ms", "log.level": "info",
    "billing.rateCard": str(ROOT / "compose" / "rate-card.yaml"),
}
# Services learn each other's endpoints and keys from the database; there the tap puts itself between them.
TAP = """
    CREATE TABLE public.tap_key (port int4 PRIMARY KEY, key text NOT NULL);
    CREATE FUNCTION public.tap() RETURNS trigger LANGUAGE plpgsql AS $tap$ BEGIN
        IF NEW.public_key <> 'THE TAP''S' THEN
            INSERT INTO public.tap_key SELECT split_part(e, ':', 3)::int4, NEW.public_key
                FROM unnest(ARRAY[NEW.publish_endpoint, NEW.command_endpoint]) e
                ON CONFLICT (port) DO UPDATE SET key = excluded.key;
        END IF;
        NEW.public_key := 'THE TAP''S';
        NEW.publish_endpoint := replace(NEW.publish_endpoint, '127.0.0.1', '127.0.0.2');
        NEW.command_endpoint := replace(NEW.command_endpoint, '127.0.0.1', '127.0.0.2');
        RETURN NEW;
    END $tap$;
    CREATE TRIGGER tap BEFORE INSERT OR UPDATE ON cluster.instance FOR EACH ROW EXECUTE FUNCTION public.tap()"""
# One in so many cycles of a host is kept: what is rated and decided does not hang on the others.
SAMPLES_KEPT = 40
# What must have happened: each gives at least one row.
MUST_HAVE = {
    **{f"a decision to {verdict}": f"scheduling.decision WHERE verdict = '{verdict}'"
       for verdict in ["grow", "shrink", "migrate", "refuse", "nothing"]},
    "a failed order": "cluster.command WHERE state = 'failed' AND code <> 'outcome-unknown'",
    "an order whose end is unknown": "cluster.command WHERE code = 'outcome-unknown'",
    "a deleted VM": "inventory.domain WHERE deleted_ns IS NOT NULL",
    "a removed host": "inventory.host WHERE removed_ns IS NOT NULL",
    "an adopted VM's former definition": "inventory.saved_definition",
    "a lifted freeze": "cluster.freeze_history", "a freeze": "cluster.freeze",
    "a former setting of a cluster": "scheduling.cluster_setting_history",
    "a former setting of a tenant": "scheduling.tenant_setting_history",
    "a growth that waits": "scheduling.waiting_growth", "a gap in the log": "log.gap",
    "a measured decision": "scheduling.decision_measurement", "a sealed entry": "audit.entry",
    "a revoked token": "account.token WHERE revoked_ns IS NOT NULL",
    "a second rate card": "billing.rate_card WHERE version = 2",
    "a rule for memory": "scheduling.policy WHERE memory_lower_ppm IS NOT NULL",
    "a rule for the network": "scheduling.policy WHERE network_lower_ppm IS NOT NULL",
    "options": "scheduling.policy WHERE options IS NOT NULL",
    "a cap": "inventory.domain WHERE network_cap_bytes_per_second > 0",
    "an instance that ended without a word": "cluster.instance",
    **{f"an order to {verb}": f"cluster.command WHERE verb = '{verb}'" for verb in [
        "create", "start", "shutdown", "destroy", "suspend", "resume", "reboot", "save", "restore", "resize", "cap",
        "network-cap", "migrate", "abort-migration", "snapshot", "revert", "delete-snapshot", "delete", "adopt",
        "release", "prepare"]},
    **{f"a host that is {mode}": f"inventory.host WHERE mode = '{mode}'"
       for mode in ["observe", "enabled", "draining"]},
}


class PastStack(LocalStack):
    """A stack whose every message passes the tap."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.tap = tap.Tap()
        self.relay = curve.Relay(tap.BEFORE, tap.BEHIND, self.tap.take, self.key_of)
        self.keys, self.next_look = {}, 0

    def key_of(self, port):
        """The key of the instance that serves at a port, once it has registered."""
        if port not in self.keys and time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + 0.2
            rows = self.admin_sql("SELECT port || ' ' || key FROM public.tap_key", "ebb").splitlines()
            self.keys = {int(row.split(" ", 1)[0]): row.split(" ", 1)[1].encode() for row in rows}
        return self.keys.get(port)

    def migrate(self):
        super().migrate()
        self.admin_sql(TAP.replace("THE TAP''S", self.relay.public.decode()), "ebb")
        self.renew_administrator("--create-administrator", "second")

    def renew_administrator(self, *more):
        """A second administrator; asked again, its former token is revoked."""
        quiet([
            str(self.binaries / "ebb-migrate"), "--token-file", str(self.path("second.token")),
            *(more or ["--create-administrator", "second", "--renew-token"])],
            {"EBB_MIGRATE_DATABASE_URL": self.url("ebb_admin")})

    def start_fleet(self):
        self.fleet_port = free_port()
        self.spawn("fleet", [
            str(self.binaries / "ebb-fleet"), "serve", "--hosts", "5", "--cores", "4", "--memory", "4GiB", "--domains",
            "2", "--domain-vcpus", "1", "--migration-ms", "1500", "--resize-ms", "100", "--lifecycle-ms", "100",
            "--bind", f"tcp://{tap.BEHIND}:{self.fleet_port}"])
        self.tap.listen(self.fleet_port)

    def start_service(self, service, name=None):
        kept, ports = self.settings, [free_port(), free_port()]
        self.relay.listen(*ports)
        self.settings = {
            **kept, "bus.publish": f"tcp://{tap.BEHIND}:{ports[0]}", "bus.command": f"tcp://{tap.BEHIND}:{ports[1]}"}
        try:
            return super().start_service(service, name)
        finally:
            self.settings = kept

    def fleet_uri(self, host):
        return f"fleet://{tap.BEFORE}:{self.fleet_port}/{host}"

    def fleet(self, *arguments):
        command = [str(self.binaries / "ebb-fleet"), *arguments, "--endpoint", f"tcp://{tap.BEFORE}:{self.fleet_port}"]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment()).stdout


def bills(stack, story, marks):
    """What each tenant used and owes for each closed period, as an operator reads it."""
    wait_until("every host's proof of the last period", lambda: not story.count(
        f"inventory.host WHERE removed_ns IS NULL AND (proved_until_ns IS NULL OR proved_until_ns < {marks[-1]})"), 60)
    time.sleep(11)  # One interval of readings, so that what straddles the end is read.
    for tenant in ["acme", "globex", "initech"]:
        for start, end in zip(marks, marks[1:]):
            period = ["--tenant", tenant, "--from", rfc3339(start), "--to", rfc3339(end)]
            yield {
                "tenant": tenant, "fromNs": start, "toNs": end,
                **{what: without_text(story.admin(what, "show", *period)) for what in ["bill", "usage"]}}


def without_text(document):
    """The text for people is made of the same values."""
    return {key: value for key, value in document.items() if key != "text"}


def rfc3339(nanoseconds):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanoseconds // 10**9))
    return f"{whole}.{nanoseconds % 10**9:09}Z"


def decisions(stack, story):
    """Which decisions there are; their records stand in the dump, and nothing may change a byte of them."""
    for cluster in ["main", "edge"]:
        verified = story.admin("decision", "verify", "--all", "--cluster", cluster)
        if verified["held"] != verified["checked"]:
            raise StackError(f"decisions do not follow from their records: {verified}")
    rows = stack.admin_sql(
        "SELECT json_agg(d ORDER BY at_ns, id) FROM (SELECT id, at_ns, verdict, rules_version, summary, record FROM "
        "scheduling.decision) AS d", "ebb")
    for row in json.loads(rows):
        record = row.pop("record")
        yield {**row, "bytes": len(record.encode()), "sha256": hashlib.sha256(record.encode()).hexdigest()}


def dump(stack):
    """Schema and data as SQL. Tables are put in the order of their keys first, so that a row has one place."""
    stack.admin_sql("DROP TRIGGER tap ON cluster.instance; DROP FUNCTION public.tap(); DROP TABLE public.tap_key", "ebb")
    for table in ["log.sample", "log.host_sample"]:
        stack.admin_sql(f"DELETE FROM {table} WHERE sequence % {SAMPLES_KEPT} <> 0", "ebb")
    keys = stack.admin_sql(
        "SELECT format('CLUSTER %s USING %I', i.indrelid::regclass, c.relname) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid "
        "JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.indisprimary AND t.relkind = 'r' "
        "AND n.nspname IN ('cluster', 'account', 'inventory', 'scheduling', 'billing', 'log', 'audit')", "ebb")
    for statement in keys.splitlines():
        stack.admin_sql(statement, "ebb")
    done = subprocess.run(
        [str(postgres_binaries() / "pg_dump"), "--no-owner", "--encoding=UTF8", "-h",
         str(stack.socket_directory), "-p", str(stack.postgres_port), "-U", "ebb_admin", "ebb"],
        check=True, capture_output=True, text=True, env={**clean_environment(), "PGPASSWORD": stack.password}).stdout
    # Without the server's version, the titles of pg_dump, and what differs from one pg_dump to the next.
    kept = [line for line in done.splitlines() if not re.match(
        r"--$|-- (Name|Data for Name|PostgreSQL database|Dumped)|\\(un)?restrict |SET transaction_timeout", line)]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(kept)).strip() + "\n"


def make(options):
    target = HERE / options.version
    if target.exists():
        raise StackError(f"{target} is there already: the past is never made again")
    end_remembered(options.directory)
    shutil.rmtree(options.directory, ignore_errors=True)
    stack = PastStack(options.directory, options.binaries, SETTINGS)
    stack.directory.mkdir(parents=True)
    story = Story(stack, lambda text: print(text, flush=True))
    draft = stack.path("fixtures")
    try:
        stack.start_postgres()
        stack.migrate()
        stack.start_fleet()
        stack.start_services()
        marks = story.run()
        stack.check_alive()
        billed = list(bills(stack, story, marks))
        write(draft / "bills.json", billed)
        story.questions()
        write(draft / "decisions.json", list(decisions(stack, story)))
        wait_until("the audit's seal", lambda: not story.count("audit.outbox"), 30)
        # Some end in order, some do not: their rows are still there.
        for service in ["monitor", "scheduler", "logger"]:
            stack.kill(service, signal.SIGTERM)
        for service in ["billing", "usergateway"]:
            stack.kill(service)
        for what, rows in MUST_HAVE.items():
            if not story.count(rows):
                raise StackError(f"the past lacks {what} ({rows})")
        sql = dump(stack)
        for word in [str(ROOT), str(stack.directory), os.uname().nodename, stack.password]:
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", sql) and len(word) > 3:
                raise StackError(f"'{word}' stands in the dump")
        (draft / "dump.sql").write_text(sql)
        messages(draft / "messages", stack.tap)
        schema = int(stack.admin_sql("SELECT max(version) FROM public.schema_migration", "ebb"))
        write(draft / "past.json", {
            "version": options.version, "schema": schema, "marksNs": marks,
            "ratingRules": billed[0]["bill"]["rulesVersion"]})
        shutil.move(draft, target)
    except StackError:
        print(latest(stack), file=sys.stderr)
        raise
    finally:
        stack.down()


def latest(stack):
    """What was decided and ordered last: why the story did not go on."""
    try:
        return stack.admin_sql(
            "SELECT m.name, d.summary FROM scheduling.decision d JOIN inventory.domain m ON m.id = d.domain ORDER BY "
            "at_ns DESC LIMIT 20; SELECT verb, state, code, message FROM cluster.command ORDER BY created_ns DESC LIMIT 8",
            "ebb")
    except (OSError, subprocess.CalledProcessError) as error:
        return str(error)


def messages(folder, listener):
    sources = [path for part in ["Shared", "Services"] for path in (ROOT / part).rglob("*.swift")]
    declared = {
        kind for path in sources for kind in re.findall(r'MessageType = "([^"]+)"', path.read_text())}
    if lacking := declared - {kind for kind, _, _ in listener.kept}:
        raise StackError(f"no message of {', '.join(sorted(lacking))} crossed the wire")
    for name, document in listener.files():
        write(folder / "wire" / name, document)
    known = protobuf.messages()
    for message in sorted(known):
        for member, body in protobuf.filled(message, known):
            name = ".".join(filter(None, [message, member])) + ".json"
            write(folder / "fields" / name, {
                "message": message, "body": body.hex(), "reads": protobuf.read(message, body, known)})


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(text(document)) + "\n")


def text(value):
    """JSON with one line for each innermost object: what differs is seen line by line."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not any(isinstance(item, (dict, list)) for item in inner):
        return [json.dumps(value, sort_keys=True)]
    is_object = isinstance(value, dict)
    out = ["{" if is_object else "["]
    entries = sorted(value.items()) if is_object else [(None, item) for item in value]
    for index, (key, item) in enumerate(entries):
        block = text(item)
        block[0] = f"{json.dumps(key)}: {block[0]}" if is_object else block[0]
        block[-1] += "," if index + 1 < len(entries) else ""
        out += [" " + line for line in block]
    return out + ["}" if is_object else "]"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--version", required=True, help="the folder that they go to, such as 0.1")
    parser.add_argument("--directory", default=str(ROOT / ".build" / "past"))
    options = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(130))
    try:
        make(options)
    except KeyboardInterrupt:
        sys.exit(130)
    except StackError as error:
        print(f"make_past: {error}", file=sys.stderr)
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        print(f"make_past: {Path(str(error.cmd[0])).name} failed: {error.stderr or error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
