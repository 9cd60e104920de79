-- SPDX-License-Identifier: Apache-2.0
-- What a taken-over service could still turn against others: where a live host is, room and quota that are held for a day, what
-- the audit says of another time, and addresses that it has no use for.

-- Where a host is and to which cluster it belongs stays while it is Ebb's: another one is added in its place after it was removed.
CREATE FUNCTION inventory.check_target() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NOT NULL AND OLD.removed_ns IS NULL
        AND (NEW.uri, NEW.cluster) IS DISTINCT FROM (OLD.uri, OLD.cluster)
    THEN
        RAISE EXCEPTION 'host % stays where it is until it is removed', OLD.id USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_target BEFORE UPDATE OF uri, cluster ON inventory.host
    FOR EACH ROW EXECUTE FUNCTION inventory.check_target();

-- Room is promised for an hour at most, the largest `scheduler.permitLifetime`, and counts for the domain's own tenant; a move
-- that takes longer prolongs it again and again.
CREATE FUNCTION scheduling.check_promise() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    IF NEW.expires_ns > cluster.now_ns() + 3720000000000 THEN
        RAISE EXCEPTION 'a permit can''t be until %', NEW.expires_ns USING ERRCODE = '42501';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.tenant IS NOT NULL AND EXISTS (
        SELECT 1 FROM inventory.domain d WHERE d.id = NEW.domain AND d.deleted_ns IS NULL AND d.tenant <> NEW.tenant)
    THEN
        RAISE EXCEPTION 'the permit of domain % can''t be of tenant %', NEW.domain, NEW.tenant USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_promise BEFORE INSERT OR UPDATE OF expires_ns ON scheduling.permit
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_promise();

-- As before, but for the other services' instants: what waits for the database to come back is a week old at most. And an
-- entry has an end.
CREATE OR REPLACE FUNCTION audit.append(p_at_ns int8, p_actor text, p_action text, p_subject text, p_detail jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller text := cluster.caller();
BEGIN
    IF p_actor <> v_caller AND (v_caller <> 'usergateway'
        OR NOT EXISTS (SELECT 1 FROM account.principal p WHERE p.name = p_actor))
    THEN
        RAISE EXCEPTION 'the role of % writes no audit entry as %', v_caller, p_actor USING ERRCODE = '42501';
    END IF;
    IF v_caller = 'usergateway' AND NOT cluster.is_recent(p_at_ns)
        OR cluster.is_ahead(p_at_ns) OR v_caller IS NOT NULL AND p_at_ns < cluster.now_ns() - 604800000000000
    THEN
        RAISE EXCEPTION 'an audit entry is of now, not of %', p_at_ns USING ERRCODE = '42501';
    END IF;
    IF octet_length(p_actor) + octet_length(p_action) + octet_length(p_subject) + octet_length(p_detail::text) > 1048576 THEN
        RAISE EXCEPTION 'an audit entry has 1 MiB at most' USING ERRCODE = '54000';
    END IF;
    INSERT INTO audit.outbox (at_ns, actor, action, subject, detail, service)
    VALUES (p_at_ns, p_actor, p_action, p_subject, p_detail, coalesce(v_caller, session_user));
END $$;

-- Billing asks up to when hosts were read, Logger which ones and which clusters there are.
REVOKE SELECT ON inventory.host FROM ebb_billing, ebb_logger;
GRANT SELECT (id, proved_until_ns) ON inventory.host TO ebb_billing;
GRANT SELECT (id, cluster) ON inventory.host TO ebb_logger;
