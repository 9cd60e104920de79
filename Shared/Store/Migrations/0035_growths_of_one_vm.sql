-- SPDX-License-Identifier: Apache-2.0
-- Sizes are absolute and a VM's orders are carried out one after the other: of several growths that are open at once, a VM
-- never has more than the largest. So a permit says up to which size its room goes, and a VM counts once.

ALTER TABLE scheduling.permit
    -- The size that the VM has when the room is used; NULL: not known, so the room is added to everything else.
    ADD COLUMN target_vcpus int8 CHECK (target_vcpus BETWEEN 0 AND 65536),
    ADD COLUMN target_memory_bytes int8 CHECK (target_memory_bytes BETWEEN 0 AND 1125899906842624);

-- How large each VM of a tenant is or may become: what it has or the largest size that is promised to it, whichever is more.
-- A VM that is being created is as large as its permit says: its row has the ceiling.
CREATE FUNCTION account.sizes(p_tenant text, p_at_ns int8)
RETURNS TABLE (domain uuid, vcpus int8, memory_bytes int8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT s.domain, s.vcpus, s.memory_bytes FROM inventory.domain_share s WHERE s.tenant = p_tenant),
    promised AS (
        SELECT p.domain, bool_or(p.purpose = 'create') AS is_new,
            max(p.target_vcpus) AS vcpus, max(p.target_memory_bytes) AS memory_bytes,
            sum(p.quota_vcpus) FILTER (WHERE p.target_vcpus IS NULL) AS added_vcpus,
            sum(p.quota_memory_bytes) FILTER (WHERE p.target_memory_bytes IS NULL) AS added_memory_bytes
        FROM scheduling.permit p
        WHERE p.tenant = p_tenant AND p.state = 'open' AND p.expires_ns > p_at_ns GROUP BY p.domain)
    SELECT coalesce(own.domain, p.domain),
        least(greatest(CASE WHEN p.is_new THEN 0 ELSE own.vcpus END, p.vcpus, 0)
            + coalesce(p.added_vcpus, 0), 1::int8 << 60)::int8,
        least(greatest(CASE WHEN p.is_new THEN 0 ELSE own.memory_bytes END, p.memory_bytes, 0)
            + coalesce(p.added_memory_bytes, 0), 1::int8 << 60)::int8
    FROM own FULL JOIN promised p ON p.domain = own.domain
$$;

-- As before, but a VM's promises are not added up.
CREATE OR REPLACE FUNCTION account.tenant_use(p_tenant text, p_at_ns int8)
RETURNS TABLE (vms int8, vcpus int8, memory_bytes int8, disk_bytes int8, snapshots int8, tokens int8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT * FROM inventory.domain_share s WHERE s.tenant = p_tenant),
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
    sized AS (
        SELECT z.vcpus, z.memory_bytes FROM account.sizes(p_tenant, p_at_ns) z
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

-- The first resource of which a tenant would have more than its quota if one of its VMs became so large (NULL: stays as it
-- is); no row: it may. What the VM is or may become already is asked for once: it is looked up under the lock, as the use is.
CREATE FUNCTION account.check_size(p_tenant text, p_at_ns int8, p_domain uuid, p_vcpus int8, p_memory_bytes int8)
RETURNS TABLE (resource text, asked int8, used int8, quota int8)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_vcpus  int8;
    v_memory int8;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM account.tenant_quota q WHERE q.tenant = p_tenant) THEN
        RETURN;
    END IF;
    PERFORM 1 FROM account.tenant t WHERE t.id = p_tenant FOR NO KEY UPDATE;
    SELECT z.vcpus, z.memory_bytes INTO v_vcpus, v_memory
        FROM account.sizes(p_tenant, p_at_ns) z WHERE z.domain = p_domain;
    v_vcpus := greatest(p_vcpus - coalesce(v_vcpus, 0), 0);
    v_memory := greatest(p_memory_bytes - coalesce(v_memory, 0), 0);
    RETURN QUERY
        SELECT c.resource, CASE c.resource WHEN 'vcpus' THEN v_vcpus ELSE v_memory END, c.used, c.quota
        FROM account.check_quota(p_tenant, p_at_ns, 0, v_vcpus, v_memory, 0, 0, 0) c;
END $$;

REVOKE EXECUTE ON FUNCTION account.sizes(text, int8), account.check_size(text, int8, uuid, int8, int8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account.check_size(text, int8, uuid, int8, int8) TO ebb_scheduler;
