-- SPDX-License-Identifier: Apache-2.0
-- What held when: freezes that were lifted and settings that were changed since, so that a past instant can be explained
-- by what held then. Whoever adds a column to one of these tables adds it to its history, in the same place.

CREATE TABLE cluster.freeze_history (LIKE cluster.freeze, ended_ns int8 NOT NULL);
CREATE TABLE scheduling.tenant_setting_history (LIKE scheduling.tenant_setting, ended_ns int8 NOT NULL);
CREATE TABLE scheduling.cluster_setting_history (LIKE scheduling.cluster_setting, ended_ns int8 NOT NULL);

CREATE FUNCTION cluster.keep_freeze() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cluster.freeze_history SELECT OLD.*, greatest(cluster.now_ns(), OLD.created_ns);
    RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER DELETE OR UPDATE ON cluster.freeze FOR EACH ROW EXECUTE FUNCTION cluster.keep_freeze();

-- A setting held until the next one was made.
CREATE FUNCTION scheduling.keep_setting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO scheduling.%I SELECT ($1).*, $2', TG_TABLE_NAME || '_history')
        USING OLD, greatest(NEW.changed_ns, OLD.changed_ns);
    RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER UPDATE ON scheduling.tenant_setting FOR EACH ROW EXECUTE FUNCTION scheduling.keep_setting();
CREATE TRIGGER keep AFTER UPDATE ON scheduling.cluster_setting FOR EACH ROW EXECUTE FUNCTION scheduling.keep_setting();

-- All that ever held; ended_ns is NULL where it still does.
CREATE VIEW cluster.freeze_timeline AS
    SELECT *, NULL::int8 AS ended_ns FROM cluster.freeze UNION ALL SELECT * FROM cluster.freeze_history;
CREATE VIEW scheduling.tenant_setting_timeline AS
    SELECT *, NULL::int8 AS ended_ns FROM scheduling.tenant_setting
    UNION ALL SELECT * FROM scheduling.tenant_setting_history;
CREATE VIEW scheduling.cluster_setting_timeline AS
    SELECT *, NULL::int8 AS ended_ns FROM scheduling.cluster_setting
    UNION ALL SELECT * FROM scheduling.cluster_setting_history;

GRANT SELECT ON cluster.freeze_timeline, scheduling.tenant_setting_timeline, scheduling.cluster_setting_timeline
    TO ebb_scheduler;
