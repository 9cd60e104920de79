-- SPDX-License-Identifier: Apache-2.0
-- Whose a domain was, and by which name, when. Bills, usage, samples, decisions, policies and operations follow it: what
-- is read for a tenant is clipped to the tenant's own periods.

ALTER TABLE inventory.domain
    -- Since when it is its tenant's, or nobody's. Whoever changes the tenant may say it; else it is the moment of the
    -- change, and of a row that is added its creation.
    ADD COLUMN tenant_since_ns int8;

CREATE TABLE inventory.domain_ownership (
    domain   uuid NOT NULL REFERENCES inventory.domain,
    tenant   text NOT NULL REFERENCES account.tenant,
    -- A rename begins another period.
    name     text NOT NULL,
    from_ns  int8 NOT NULL,
    -- NULL: still.
    until_ns int8,
    PRIMARY KEY (domain, from_ns),
    CHECK (until_ns IS NULL OR until_ns > from_ns),
    -- No instant of a domain is two tenants'.
    EXCLUDE USING gist (domain WITH =, int8range(from_ns, until_ns) WITH &&)
);
CREATE INDEX domain_ownership_tenant ON inventory.domain_ownership (tenant, name, from_ns);

-- Whose a domain was at an instant; NULL: nobody's.
CREATE FUNCTION inventory.owner_at(p_domain uuid, p_at_ns int8) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT o.tenant FROM inventory.domain_ownership o
    WHERE o.domain = p_domain AND o.from_ns <= p_at_ns AND (o.until_ns IS NULL OR o.until_ns > p_at_ns)
$$;

-- before it was dated ------------------------------------------------------------------------------------------------

-- What is taken for the ownership of the time before it was dated, and what from.
CREATE TABLE inventory.ownership_guess (
    domain       uuid NOT NULL REFERENCES inventory.domain,
    tenant       text NOT NULL,
    from_ns      int8 NOT NULL,
    until_ns     int8,
    from_source  text NOT NULL,
    until_source text,
    PRIMARY KEY (domain, from_ns)
);

DO $$
DECLARE
    v_domain inventory.domain;
    v_end    record;
    -- The period that is open while the domain's commands are gone through.
    v_open   inventory.ownership_guess;
    -- Up to where the domain's periods are made.
    v_last   int8;
BEGIN
    FOR v_domain IN SELECT * FROM inventory.domain d WHERE d.tenant IS NOT NULL OR EXISTS (
        SELECT 1 FROM cluster.command c WHERE c.domain = d.id AND c.verb IN ('create', 'adopt')
            AND c.state = 'succeeded')
    LOOP
        v_open := NULL;
        v_last := v_domain.created_ns;
        FOR v_end IN
            SELECT c.verb, c.arguments->>'tenant' AS tenant,
                -- The row of a domain that Ebb created is as old as the domain.
                CASE c.verb WHEN 'create' THEN least(v_domain.created_ns, c.finished_ns)
                    WHEN 'delete' THEN coalesce(v_domain.deleted_ns, c.finished_ns) ELSE c.finished_ns END AS at_ns
            FROM cluster.command c WHERE c.domain = v_domain.id AND c.state = 'succeeded'
                AND c.verb IN ('create', 'adopt', 'release', 'delete') AND c.finished_ns IS NOT NULL
            ORDER BY c.finished_ns, c.created_ns
        LOOP
            IF v_open.domain IS NOT NULL AND NOT (v_end.verb IN ('create', 'adopt') AND v_end.tenant = v_open.tenant)
            THEN
                IF v_end.at_ns > v_open.from_ns THEN
                    INSERT INTO inventory.ownership_guess VALUES (v_open.domain, v_open.tenant, v_open.from_ns,
                        v_end.at_ns, v_open.from_source, 'the end of ' || v_end.verb);
                    v_last := v_end.at_ns;
                END IF;
                v_open := NULL;
            END IF;
            IF v_open.domain IS NULL AND v_end.verb IN ('create', 'adopt')
                AND EXISTS (SELECT 1 FROM account.tenant t WHERE t.id = v_end.tenant) THEN
                v_open := (v_domain.id, v_end.tenant, greatest(v_end.at_ns, v_last), NULL,
                    CASE v_end.verb WHEN 'create' THEN 'its creation' ELSE 'the end of adopt' END, NULL);
            END IF;
        END LOOP;

        -- What no command tells: the row has the last word.
        IF v_open.domain IS NOT NULL AND v_domain.deleted_ns IS NULL AND v_open.tenant IS DISTINCT FROM v_domain.tenant
        THEN
            v_open.until_ns := (SELECT max(coalesce(s.end_ns, s.start_ns)) FROM inventory.size_segment s
                WHERE s.domain = v_domain.id);
            IF v_open.until_ns > v_open.from_ns THEN
                v_open.until_source := 'its last size';
                INSERT INTO inventory.ownership_guess SELECT v_open.*;
                v_last := v_open.until_ns;
            END IF;
            v_open := NULL;
        END IF;
        IF v_open.domain IS NULL AND v_domain.tenant IS NOT NULL
            AND (v_domain.deleted_ns IS NULL OR v_domain.deleted_ns > v_last) THEN
            v_open := (v_domain.id, v_domain.tenant, v_last, NULL,
                CASE v_last WHEN v_domain.created_ns THEN 'created_ns' ELSE 'the end of its last owner' END, NULL);
        END IF;
        IF v_open.domain IS NOT NULL AND (v_domain.deleted_ns IS NULL OR v_domain.deleted_ns > v_open.from_ns) THEN
            v_open.until_ns := v_domain.deleted_ns;
            v_open.until_source := CASE WHEN v_domain.deleted_ns IS NOT NULL THEN 'deleted_ns' END;
            INSERT INTO inventory.ownership_guess SELECT v_open.*;
        END IF;
    END LOOP;
END $$;

INSERT INTO inventory.domain_ownership (domain, tenant, name, from_ns, until_ns)
    SELECT g.domain, g.tenant, d.name, g.from_ns, g.until_ns
    FROM inventory.ownership_guess g JOIN inventory.domain d ON d.id = g.domain;

UPDATE inventory.domain d SET tenant_since_ns = coalesce(
    (SELECT o.from_ns FROM inventory.domain_ownership o WHERE o.domain = d.id AND o.tenant = d.tenant
        ORDER BY o.from_ns DESC LIMIT 1),
    (SELECT max(o.until_ns) FROM inventory.domain_ownership o WHERE o.domain = d.id), d.created_ns);
ALTER TABLE inventory.domain ALTER COLUMN tenant_since_ns SET NOT NULL;

-- from now on ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION inventory.date_tenant() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.tenant_since_ns := coalesce(NEW.tenant_since_ns, NEW.created_ns);
    ELSIF NEW.tenant_since_ns = OLD.tenant_since_ns AND (NEW.tenant IS DISTINCT FROM OLD.tenant
        OR OLD.deleted_ns IS NOT NULL AND NEW.deleted_ns IS NULL) THEN
        NEW.tenant_since_ns := cluster.now_ns();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER date_tenant BEFORE INSERT OR UPDATE OF tenant, deleted_ns ON inventory.domain
    FOR EACH ROW EXECUTE FUNCTION inventory.date_tenant();

-- The only writer of inventory.domain_ownership, in the transaction that creates, adopts, renames, releases or deletes.
CREATE FUNCTION inventory.keep_ownership() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_at   int8 := NEW.tenant_since_ns;
    v_from int8;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        v_at := CASE
            WHEN NEW.deleted_ns IS NOT NULL THEN NEW.deleted_ns
            WHEN NEW.tenant IS DISTINCT FROM OLD.tenant OR OLD.deleted_ns IS NOT NULL THEN NEW.tenant_since_ns
            ELSE cluster.now_ns() END;
        SELECT o.from_ns INTO v_from FROM inventory.domain_ownership o WHERE o.domain = NEW.id AND o.until_ns IS NULL;
        IF v_at > v_from THEN
            UPDATE inventory.domain_ownership SET until_ns = v_at WHERE domain = NEW.id AND from_ns = v_from;
        ELSE
            DELETE FROM inventory.domain_ownership WHERE domain = NEW.id AND from_ns = v_from;
        END IF;
        v_at := greatest(v_at, (SELECT max(o.until_ns) FROM inventory.domain_ownership o WHERE o.domain = NEW.id));
        -- What the former owner's people froze is none of the next one's concern.
        IF NEW.tenant IS DISTINCT FROM OLD.tenant OR NEW.deleted_ns IS NOT NULL THEN
            DELETE FROM cluster.freeze f WHERE f.scope = 'vm' AND f.id = NEW.id::text
                AND f.principal IN (SELECT p.name FROM account.principal p WHERE p.tenant = OLD.tenant);
        END IF;
    END IF;
    IF NEW.tenant IS NOT NULL AND (NEW.deleted_ns IS NULL OR TG_OP = 'INSERT' AND NEW.deleted_ns > v_at) THEN
        INSERT INTO inventory.domain_ownership VALUES (NEW.id, NEW.tenant, NEW.name, v_at, NEW.deleted_ns);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_ownership_of_new AFTER INSERT ON inventory.domain
    FOR EACH ROW EXECUTE FUNCTION inventory.keep_ownership();
CREATE TRIGGER keep_ownership AFTER UPDATE ON inventory.domain FOR EACH ROW
    WHEN ((NEW.tenant, NEW.name, NEW.deleted_ns) IS DISTINCT FROM (OLD.tenant, OLD.name, OLD.deleted_ns))
    EXECUTE FUNCTION inventory.keep_ownership();

GRANT SELECT ON inventory.domain_ownership, inventory.ownership_guess
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_usergateway;
