-- SPDX-License-Identifier: Apache-2.0
-- What a taken-over service could still turn against others: where a live host is, room and quota that are held for a day, and
-- how fresh a host's figures look.

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

-- As in 0030; but what lies ahead is cut to now: a host never looks fresher than it is.
CREATE OR REPLACE FUNCTION inventory.check_proof() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_latest int8 := cluster.now_ns();
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    IF coalesce(NEW.proved_until_ns, 0) < OLD.proved_until_ns OR coalesce(NEW.listed_ns, 0) < OLD.listed_ns THEN
        RAISE EXCEPTION 'host % was read further than that already', NEW.id USING ERRCODE = '42501';
    END IF;
    -- Cut, not refused: only the newest instant of a host waits to be written, and that one would always be ahead where
    -- the clocks differ.
    IF NEW.proved_until_ns > v_latest THEN
        NEW.proved_until_ns := greatest(OLD.proved_until_ns, v_latest);
    END IF;
    IF NEW.listed_ns > v_latest THEN
        NEW.listed_ns := greatest(OLD.listed_ns, v_latest);
    END IF;
    RETURN NEW;
END $$;

-- Room is promised for an hour at most, the largest `scheduler.permitLifetime`, and counts for the domain's own tenant; a move
-- that takes longer prolongs it.
CREATE FUNCTION scheduling.check_new_permit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    IF NEW.expires_ns > cluster.now_ns() + 3720000000000 THEN
        RAISE EXCEPTION 'a permit can''t be until %', NEW.expires_ns USING ERRCODE = '42501';
    END IF;
    IF NEW.tenant IS NOT NULL AND EXISTS (
        SELECT 1 FROM inventory.domain d WHERE d.id = NEW.domain AND d.deleted_ns IS NULL AND d.tenant <> NEW.tenant)
    THEN
        RAISE EXCEPTION 'the permit of domain % can''t be of tenant %', NEW.domain, NEW.tenant USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_new_permit BEFORE INSERT ON scheduling.permit
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_new_permit();
