-- SPDX-License-Identifier: Apache-2.0
-- A tenant's own people and the provider freeze the same thing each for themselves: neither takes the other's freeze away.

ALTER TABLE cluster.freeze
    -- Whether a tenant's own people ordered it; otherwise the provider's or Ebb itself.
    ADD COLUMN by_tenant boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT freeze_pkey,
    ADD PRIMARY KEY (scope, id, by_tenant);
ALTER TABLE cluster.freeze_history ADD COLUMN by_tenant boolean NOT NULL DEFAULT false;

-- They go on, so that nothing of this is history.
ALTER TABLE cluster.freeze DISABLE TRIGGER keep;
UPDATE cluster.freeze f SET by_tenant = true FROM account.principal p WHERE p.name = f.principal AND p.tenant IS NOT NULL;
ALTER TABLE cluster.freeze ENABLE TRIGGER keep;
UPDATE cluster.freeze_history f SET by_tenant = true FROM account.principal p
    WHERE p.name = f.principal AND p.tenant IS NOT NULL;

CREATE OR REPLACE FUNCTION cluster.keep_freeze() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cluster.freeze_history (scope, id, reason, principal, is_automatic, created_ns, by_tenant, ended_ns)
        VALUES (OLD.scope, OLD.id, OLD.reason, OLD.principal, OLD.is_automatic, OLD.created_ns, OLD.by_tenant,
            greatest(cluster.now_ns(), OLD.created_ns));
    RETURN NULL;
END $$;

CREATE OR REPLACE VIEW cluster.freeze_timeline AS
    SELECT scope, id, reason, principal, is_automatic, created_ns, NULL::int8 AS ended_ns, by_tenant FROM cluster.freeze
    UNION ALL
    SELECT scope, id, reason, principal, is_automatic, created_ns, ended_ns, by_tenant FROM cluster.freeze_history;

-- As before; and whose it is follows from who ordered it, whatever is said.
CREATE OR REPLACE FUNCTION cluster.check_freeze() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller text := cluster.caller();
BEGIN
    IF v_caller = 'scheduler' AND NEW.principal <> 'scheduler'
        OR v_caller = 'usergateway'
        AND (NEW.is_automatic OR NEW.principal IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM account.principal p WHERE p.name = NEW.principal))
    THEN
        RAISE EXCEPTION 'the role of % freezes nothing as %', v_caller, NEW.principal USING ERRCODE = '42501';
    END IF;
    IF NOT cluster.is_near_now(NEW.created_ns, CASE v_caller WHEN 'usergateway' THEN 60000000000 ELSE 600000000000 END)
    THEN
        RAISE EXCEPTION 'a freeze is of now, not of %', NEW.created_ns USING ERRCODE = '42501';
    END IF;
    NEW.by_tenant := NOT NEW.is_automatic AND v_caller IS DISTINCT FROM 'scheduler'
        AND EXISTS (SELECT 1 FROM account.principal p WHERE p.name = NEW.principal AND p.tenant IS NOT NULL);
    RETURN NEW;
END $$;
