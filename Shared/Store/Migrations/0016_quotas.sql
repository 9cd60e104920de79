-- SPDX-License-Identifier: Apache-2.0
-- What a tenant may have at most, and what it has: in VMs that are there, in what is promised, and in what is ordered.

CREATE TABLE account.tenant_quota (
    tenant       text PRIMARY KEY REFERENCES account.tenant,
    -- NULL: without a limit. So is a tenant without a row.
    vms          int8 CHECK (vms >= 0),
    vcpus        int8 CHECK (vcpus >= 0),
    memory_bytes int8 CHECK (memory_bytes >= 0),
    disk_bytes   int8 CHECK (disk_bytes >= 0),
    snapshots    int8 CHECK (snapshots >= 0),
    tokens       int8 CHECK (tokens >= 0),
    principal    text NOT NULL,
    changed_ns   int8 NOT NULL DEFAULT cluster.now_ns()
);

-- Snapshots that Ebb took and has not deleted.
CREATE TABLE inventory.snapshot (
    domain   uuid NOT NULL REFERENCES inventory.domain,
    name     text NOT NULL,
    taken_ns int8 NOT NULL,
    PRIMARY KEY (domain, name)
);

INSERT INTO inventory.snapshot (domain, name, taken_ns)
    SELECT last.domain, last.name, last.finished_ns FROM (
        SELECT DISTINCT ON (c.domain, c.arguments->>'name') c.domain, c.arguments->>'name' AS name, c.verb, c.finished_ns
        FROM cluster.command c
        WHERE c.verb IN ('snapshot', 'delete-snapshot') AND c.finished_ns IS NOT NULL
            AND (c.state = 'succeeded' OR c.verb = 'snapshot' AND c.code = 'outcome-unknown')
        ORDER BY c.domain, c.arguments->>'name', c.finished_ns DESC, c.created_ns DESC) last
    JOIN inventory.domain d ON d.id = last.domain AND d.deleted_ns IS NULL
    WHERE last.verb = 'snapshot' AND last.name IS NOT NULL;

-- The only writer of inventory.snapshot. One whose end nobody knows may be there, and counts.
CREATE FUNCTION inventory.keep_snapshots() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.verb = 'snapshot' AND (NEW.state = 'succeeded' OR NEW.code = 'outcome-unknown') THEN
        INSERT INTO inventory.snapshot (domain, name, taken_ns)
            SELECT d.id, NEW.arguments->>'name', coalesce(NEW.finished_ns, cluster.now_ns())
            FROM inventory.domain d WHERE d.id = NEW.domain AND NEW.arguments->>'name' IS NOT NULL
            ON CONFLICT DO NOTHING;
    ELSIF NEW.verb = 'delete-snapshot' AND NEW.state = 'succeeded' THEN
        DELETE FROM inventory.snapshot WHERE domain = NEW.domain AND name = NEW.arguments->>'name';
    ELSIF NEW.verb = 'delete' AND NEW.state = 'succeeded' THEN
        DELETE FROM inventory.snapshot WHERE domain = NEW.domain;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_snapshots AFTER UPDATE OF state ON cluster.command FOR EACH ROW
    WHEN (NEW.verb IN ('snapshot', 'delete-snapshot', 'delete') AND NEW.state IN ('succeeded', 'failed')
        AND OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION inventory.keep_snapshots();

ALTER TABLE scheduling.permit
    -- Whose quota it counts for, and what of the room the tenant does not have yet; NULL: a permit of before.
    ADD COLUMN tenant text,
    ADD COLUMN quota_vcpus int8 NOT NULL DEFAULT 0 CHECK (quota_vcpus >= 0),
    ADD COLUMN quota_memory_bytes int8 NOT NULL DEFAULT 0 CHECK (quota_memory_bytes >= 0);
CREATE INDEX permit_tenant ON scheduling.permit (tenant) WHERE state = 'open';

-- What each domain counts for, also while it is off: starting it again takes nothing more.
CREATE VIEW inventory.domain_share AS
    SELECT d.id AS domain, d.tenant,
        coalesce(nullif(greatest(d.granted_vcpus, d.confirmed_vcpus), 0), d.asked_vcpus, d.maximum_vcpus)::int8 AS vcpus,
        coalesce(nullif(d.memory_bytes, 0), d.maximum_memory_bytes) AS memory_bytes, d.disk_bytes
    FROM inventory.domain d WHERE d.deleted_ns IS NULL;

-- What a tenant has: its VMs, the room that is promised to it, and what is ordered and not there yet. What failed,
-- was given back or is past its deadline is none of it. One statement, so that nothing is counted twice or not at all.
CREATE FUNCTION account.tenant_use(p_tenant text, p_at_ns int8)
RETURNS TABLE (vms int8, vcpus int8, memory_bytes int8, disk_bytes int8, snapshots int8, tokens int8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT * FROM inventory.domain_share s WHERE s.tenant = p_tenant),
    promised AS (
        SELECT * FROM scheduling.permit p
        WHERE p.tenant = p_tenant AND p.state = 'open' AND p.expires_ns > p_at_ns),
    ordered AS (
        SELECT * FROM cluster.command c
        WHERE c.verb IN ('create', 'adopt', 'snapshot')
            AND (c.state = 'claimed' OR c.state = 'queued' AND c.deadline_ns > p_at_ns)),
    created AS (
        SELECT coalesce((c.arguments->>'disk_bytes')::int8, 0) AS disk_bytes FROM ordered c
        WHERE c.verb = 'create' AND c.arguments->>'tenant' = p_tenant
            AND NOT EXISTS (SELECT 1 FROM own WHERE own.domain = c.domain)),
    adopted AS (
        SELECT s.* FROM inventory.domain_share s
        WHERE s.tenant IS DISTINCT FROM p_tenant AND EXISTS (
            SELECT 1 FROM ordered c
            WHERE c.verb = 'adopt' AND c.domain = s.domain AND c.arguments->>'tenant' = p_tenant)),
    -- A VM that is being created is as large as its permit says: its row has the ceiling.
    sized AS (
        SELECT own.vcpus, own.memory_bytes FROM own
        WHERE NOT EXISTS (SELECT 1 FROM promised p WHERE p.domain = own.domain AND p.purpose = 'create')
        UNION ALL SELECT p.quota_vcpus, p.quota_memory_bytes FROM promised p
        UNION ALL SELECT a.vcpus, a.memory_bytes FROM adopted a),
    taken AS (
        SELECT s.domain, s.name FROM inventory.snapshot s JOIN own ON own.domain = s.domain
        UNION SELECT c.domain, c.arguments->>'name' FROM ordered c JOIN own ON own.domain = c.domain
            WHERE c.verb = 'snapshot')
    SELECT (SELECT count(*) FROM own) + (SELECT count(*) FROM created) + (SELECT count(*) FROM adopted),
        (SELECT least(coalesce(sum(z.vcpus), 0), 1::int8 << 60)::int8 FROM sized z),
        (SELECT least(coalesce(sum(z.memory_bytes), 0), 1::int8 << 60)::int8 FROM sized z),
        (SELECT least(coalesce(sum(d.disk_bytes), 0), 1::int8 << 60)::int8 FROM (
            SELECT own.disk_bytes FROM own UNION ALL SELECT created.disk_bytes FROM created
            UNION ALL SELECT adopted.disk_bytes FROM adopted) d),
        (SELECT count(*) FROM taken),
        (SELECT count(*) FROM account.token t JOIN account.principal p ON p.id = t.principal
            WHERE p.tenant = p_tenant AND t.revoked_ns IS NULL AND t.expires_ns > p_at_ns)
$$;

-- The first resource of which a tenant would have more than its quota; no row: it may have it. Requests for one tenant
-- wait for each other up to the end of their transactions, so that none passes. A tenant without a quota is not locked.
CREATE FUNCTION account.check_quota(
    p_tenant text, p_at_ns int8, p_vms int8, p_vcpus int8, p_memory_bytes int8, p_disk_bytes int8, p_snapshots int8,
    p_tokens int8
) RETURNS TABLE (resource text, used int8, quota int8)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM account.tenant_quota q WHERE q.tenant = p_tenant) THEN
        RETURN;
    END IF;
    PERFORM 1 FROM account.tenant t WHERE t.id = p_tenant FOR NO KEY UPDATE;
    RETURN QUERY
        SELECT r.resource, r.used, r.quota
        FROM account.tenant_quota q, account.tenant_use(p_tenant, p_at_ns) u, LATERAL (VALUES
            (1, 'vms', p_vms, u.vms, q.vms), (2, 'vcpus', p_vcpus, u.vcpus, q.vcpus),
            (3, 'memory', p_memory_bytes, u.memory_bytes, q.memory_bytes),
            (4, 'disk', p_disk_bytes, u.disk_bytes, q.disk_bytes),
            (5, 'snapshots', p_snapshots, u.snapshots, q.snapshots),
            (6, 'tokens', p_tokens, u.tokens, q.tokens)) r(place, resource, asked, used, quota)
        WHERE q.tenant = p_tenant AND r.asked > 0 AND r.used + r.asked > r.quota ORDER BY r.place LIMIT 1;
END $$;

REVOKE EXECUTE ON FUNCTION account.tenant_use(text, int8),
    account.check_quota(text, int8, int8, int8, int8, int8, int8, int8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account.tenant_use(text, int8) TO ebb_usergateway;
GRANT USAGE ON SCHEMA account TO ebb_scheduler;
GRANT EXECUTE ON FUNCTION account.check_quota(text, int8, int8, int8, int8, int8, int8, int8)
    TO ebb_scheduler, ebb_usergateway;
GRANT SELECT, INSERT, UPDATE ON account.tenant_quota TO ebb_usergateway;
GRANT SELECT ON inventory.domain_share TO ebb_scheduler, ebb_usergateway;
GRANT SELECT ON inventory.snapshot TO ebb_usergateway;
