-- SPDX-License-Identifier: Apache-2.0
-- Every instant that a service's role may write has its bounds: what is done at once is of now, what was found out is of no
-- time that has not come, and what holds for a while ends within two days. `RoleMatrix.instants` in the tests names all of them,
-- those too that other triggers bound or that are free, with the reason.

-- Arguments: pairs of a column and what it is, `now`, `past` or `soon`. An instant that an update leaves as it is may stay.
CREATE FUNCTION cluster.check_times() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_now CONSTANT int8 := cluster.now_ns();
    v_new jsonb;
    v_old jsonb;
    v_ns  int8;
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    v_new := to_jsonb(NEW);
    v_old := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END;
    FOR i IN 0 .. TG_NARGS - 2 BY 2 LOOP
        v_ns := (v_new ->> TG_ARGV[i])::int8;
        CONTINUE WHEN v_ns IS NULL OR v_ns IS NOT DISTINCT FROM (v_old ->> TG_ARGV[i])::int8;
        IF (CASE TG_ARGV[i + 1]
            WHEN 'now' THEN NOT cluster.is_recent(v_ns)
            WHEN 'past' THEN cluster.is_ahead(v_ns)
            ELSE v_ns > c_now + 172800000000000 END)
        THEN
            RAISE EXCEPTION '% of %.% can''t be %', TG_ARGV[i], TG_TABLE_SCHEMA, TG_TABLE_NAME, v_ns USING ERRCODE = '42501';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION cluster.check_times() FROM PUBLIC;

CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF disabled_ns ON account.principal
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('created_ns', 'now', 'disabled_ns', 'now');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF revoked_ns ON account.token
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('created_ns', 'now', 'revoked_ns', 'now');
CREATE TRIGGER check_times BEFORE INSERT ON account.tenant
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('created_ns', 'now');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE ON account.tenant_quota
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('changed_ns', 'now');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF held_until_ns, expires_ns ON account.request_key
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('held_until_ns', 'soon', 'expires_ns', 'soon');

CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF claimed_ns, finished_ns ON cluster.command
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times(
        'created_ns', 'now', 'deadline_ns', 'soon', 'claimed_ns', 'past', 'finished_ns', 'past');

CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF removed_ns ON inventory.host
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('created_ns', 'now', 'removed_ns', 'now');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF incarnation_start_ns ON inventory.domain
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('incarnation_start_ns', 'past');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE ON inventory.host_abilities
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('asked_ns', 'past');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE ON inventory.duplicate
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('noticed_ns', 'past');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE ON inventory.saved_definition
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('saved_ns', 'past');

CREATE TRIGGER check_times BEFORE INSERT OR UPDATE OF expires_ns ON scheduling.permit
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('created_ns', 'now', 'expires_ns', 'soon');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE ON scheduling.waiting_growth
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('since_ns', 'past');
CREATE TRIGGER check_times BEFORE INSERT OR UPDATE ON scheduling.wanted_place
    FOR EACH ROW EXECUTE FUNCTION cluster.check_times('expires_ns', 'soon');
