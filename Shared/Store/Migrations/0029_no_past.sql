-- SPDX-License-Identifier: Apache-2.0
-- A service's role takes back nothing that was written down, numbers nothing at will, and what has ended stays so: the bill of
-- a period that is over, a person's audit entry and a command's end are nobody's to change.

-- Whether a service may give something this instant: it is within ten minutes of now. Who is no service (an administrator, a
-- migration) may give any. Only for what is written at once: what waits for the database to come back may be older.
CREATE FUNCTION cluster.is_recent(p_ns int8) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT cluster.caller() IS NULL OR abs(p_ns::numeric - cluster.now_ns()) <= 600000000000
$$;
REVOKE EXECUTE ON FUNCTION cluster.is_recent(int8) FROM PUBLIC;

-- domains -------------------------------------------------------------------------------------------------------------

-- Whose a domain is, and that it is, can't end before what was measured of it: ten minutes are left for clocks and for what
-- was read while it ended.
CREATE FUNCTION inventory.check_instants() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_least int8;
BEGIN
    IF cluster.caller() IS NULL OR OLD.deleted_ns IS NOT NULL THEN
        RETURN NEW;
    END IF;
    v_least := least(
        CASE WHEN NEW.deleted_ns IS DISTINCT FROM OLD.deleted_ns THEN NEW.deleted_ns END,
        CASE WHEN NEW.missing_ns IS DISTINCT FROM OLD.missing_ns THEN NEW.missing_ns END,
        CASE WHEN NEW.tenant_since_ns <> OLD.tenant_since_ns THEN NEW.tenant_since_ns END);
    IF v_least IS NULL THEN
        RETURN NEW;
    END IF;
    IF v_least < greatest(
        OLD.tenant_since_ns,
        (SELECT max(s.start_ns) FROM inventory.size_segment s WHERE s.domain = NEW.id),
        (SELECT max(r.at_ns) FROM inventory.meter_reading r WHERE r.domain = NEW.id)) - 600000000000
    THEN
        RAISE EXCEPTION 'domain % can''t end, be missing or change hands before what was measured of it', NEW.id
            USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_instants BEFORE UPDATE OF deleted_ns, missing_ns, tenant_since_ns ON inventory.domain
    FOR EACH ROW EXECUTE FUNCTION inventory.check_instants();

-- Scheduler holds a host's row while it promises its room, and the gateway a tenant's while it looks at the quota. A lock needs
-- the right to some column, which nobody needs to change.
CREATE FUNCTION cluster.check_unchanged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() = TG_ARGV[0] AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'the role of % holds rows of % and changes none', TG_ARGV[0], TG_TABLE_NAME USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_unchanged BEFORE UPDATE ON inventory.host
    FOR EACH ROW EXECUTE FUNCTION cluster.check_unchanged('scheduler');
CREATE TRIGGER check_unchanged BEFORE UPDATE ON account.tenant
    FOR EACH ROW EXECUTE FUNCTION cluster.check_unchanged('usergateway');

-- commands ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION cluster.check_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state IN ('succeeded', 'failed') AND NEW IS DISTINCT FROM OLD AND cluster.caller() IS NOT NULL THEN
        RAISE EXCEPTION 'command % has ended, and stays so', OLD.id USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_end BEFORE UPDATE ON cluster.command
    FOR EACH ROW EXECUTE FUNCTION cluster.check_end();

-- versions ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION scheduling.check_policy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NOT NULL AND (NOT cluster.is_recent(NEW.valid_from_ns)
        OR NEW.version > 1 + coalesce((SELECT max(p.version) FROM scheduling.policy p WHERE p.domain = NEW.domain), 0))
    THEN
        RAISE EXCEPTION 'a policy holds from now on, and its version is the next' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_policy BEFORE INSERT ON scheduling.policy
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_policy();

CREATE FUNCTION billing.check_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NOT NULL
        AND NEW.version > 1 + coalesce((SELECT max(c.version) FROM billing.rate_card c), 0)
    THEN
        RAISE EXCEPTION 'a rate card''s version is the next' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_version BEFORE INSERT ON billing.rate_card
    FOR EACH ROW EXECUTE FUNCTION billing.check_version();

-- people --------------------------------------------------------------------------------------------------------------

CREATE FUNCTION account.check_revocation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.revoked_ns IS NOT NULL AND NEW.revoked_ns IS DISTINCT FROM OLD.revoked_ns
        AND cluster.caller() IS NOT NULL
    THEN
        RAISE EXCEPTION 'a token that was revoked stays so' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_revocation BEFORE UPDATE ON account.token
    FOR EACH ROW EXECUTE FUNCTION account.check_revocation();

-- audit ---------------------------------------------------------------------------------------------------------------

-- As before, but for the instant: the gateway writes in people's names while they act.
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
    IF v_caller = 'usergateway' AND NOT cluster.is_recent(p_at_ns) THEN
        RAISE EXCEPTION 'an audit entry is of now, not of %', p_at_ns USING ERRCODE = '42501';
    END IF;
    INSERT INTO audit.outbox (at_ns, actor, action, subject, detail, service)
    VALUES (p_at_ns, p_actor, p_action, p_subject, p_detail, coalesce(v_caller, session_user));
END $$;

-- places --------------------------------------------------------------------------------------------------------------

-- A new VM's group is known there before it has a policy: the gateway keeps the next of the group in the same cluster.
GRANT SELECT ON scheduling.wanted_place TO ebb_usergateway;
