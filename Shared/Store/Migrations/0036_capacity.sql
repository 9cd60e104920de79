-- SPDX-License-Identifier: Apache-2.0
-- A domain's size of CPU is its capacity: what its cap leaves of its vCPUs, in thousandths of a vCPU.

-- NULL: all of its vCPUs, as in all rows from before.
ALTER TABLE inventory.size_segment ADD COLUMN capacity_thousandths int8
    CHECK (capacity_thousandths > 0 AND capacity_thousandths < vcpus * 1000::int8);

-- Parts per million of one core. NULL beside a known utilisation, as in all rows from before: no cap. 0: none.
ALTER TABLE log.sample ADD COLUMN cpu_cap_ppm int8 CHECK (cpu_cap_ppm >= 0),
    -- What its vCPUs used and waited for.
    ADD COLUMN cpu_demand_ppm int8 CHECK (cpu_demand_ppm >= 0);

-- As before, with the capacity; a Monitor of the former version does not say one, and means all vCPUs.
DROP FUNCTION inventory.observe_size(text, int8, uuid, int8, int8, int8, int8, int4, int8, int8, int4, int4);
CREATE FUNCTION inventory.observe_size(
    p_host text, p_epoch int8, p_domain uuid, p_incarnation_start_ns int8, p_observed_ns int8, p_until_ns int8,
    p_since_ns int8, p_vcpus int4, p_memory_bytes int8, p_disk_bytes int8, p_asked_vcpus int4, p_granted_vcpus int4,
    p_capacity_thousandths int8 DEFAULT NULL
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_is_nothing CONSTANT boolean := p_vcpus = 0 AND p_memory_bytes = 0 AND p_disk_bytes = 0;
    c_left       CONSTANT int8 := 600000000000;
    c_capacity   CONSTANT int8 := coalesce(p_capacity_thousandths, p_vcpus * 1000::int8);
    v_state      inventory.size_state;
    v_open       inventory.size_segment;
    v_capacity   int8;
    v_is_known   boolean;
    v_is_open    boolean;
    v_is_same    boolean;
    v_since      int8;
    v_until      int8;
    v_ordered    int8;
    -- Before these a size does not begin, and the former one does not end.
    v_from       int8;
    v_proved     int8;
BEGIN
    PERFORM 1 FROM cluster.shard WHERE kind = 'host' AND id = p_host AND epoch = p_epoch FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN 'fenced';
    END IF;
    PERFORM 1 FROM inventory.domain WHERE id = p_domain AND deleted_ns IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'stale';
    END IF;
    IF cluster.is_ahead(greatest(p_incarnation_start_ns, p_observed_ns, p_until_ns, p_since_ns)) THEN
        RAISE EXCEPTION 'domain % has no size later than now', p_domain USING ERRCODE = '42501';
    END IF;
    SELECT * INTO v_state FROM inventory.size_state WHERE domain = p_domain;
    v_is_known := FOUND;
    SELECT * INTO v_open FROM inventory.size_segment WHERE domain = p_domain AND end_ns IS NULL;
    v_is_open := FOUND;
    v_capacity := coalesce(v_open.capacity_thousandths, v_open.vcpus * 1000::int8);

    IF v_is_known THEN
        -- Two hosts may report one domain while it moves: the newer life is true; of equal ones the first stays.
        IF p_incarnation_start_ns < v_state.incarnation_start_ns
            OR p_incarnation_start_ns = v_state.incarnation_start_ns AND p_host <> v_state.host THEN
            RETURN 'stale';
        END IF;
        IF p_incarnation_start_ns = v_state.incarnation_start_ns THEN
            v_is_same := CASE WHEN v_is_open THEN v_open.vcpus = p_vcpus AND v_capacity = c_capacity
                AND v_open.memory_bytes = p_memory_bytes AND v_open.disk_bytes = p_disk_bytes ELSE c_is_nothing END;
            IF v_is_same THEN
                UPDATE inventory.size_state SET observed_ns = p_observed_ns
                    WHERE domain = p_domain AND observed_ns < p_observed_ns;
                RETURN 'unchanged';
            END IF;
            IF p_observed_ns <= v_state.observed_ns THEN
                RETURN 'stale';
            END IF;
        END IF;
    END IF;

    v_since := greatest(p_since_ns, v_state.boundary_ns);
    IF cluster.caller() IS NOT NULL THEN
        v_from := inventory.measured_until(p_domain, p_host) - c_left;
        IF v_is_open THEN
            SELECT proved_until_ns - c_left INTO v_proved FROM inventory.host WHERE id = v_open.host;
        END IF;
        IF v_since < v_from OR p_until_ns < v_proved THEN
            IF v_is_known AND v_state.host <> p_host THEN
                v_ordered := inventory.move_ordered_ns(p_domain, p_host);
            ELSIF p_vcpus <= v_open.vcpus AND c_capacity <= v_capacity
                AND p_memory_bytes <= v_open.memory_bytes AND p_disk_bytes <= v_open.disk_bytes
            THEN
                -- A guest that was asked to shut down takes its time, also after the order has ended.
                SELECT c.created_ns INTO v_ordered FROM cluster.command c
                    WHERE c.domain = p_domain AND c.claimed_ns IS NOT NULL
                        AND (c.state = 'claimed' OR c.verb = 'shutdown')
                    ORDER BY c.created_ns DESC LIMIT 1;
            END IF;
            v_from := least(v_from, v_ordered);
            v_proved := CASE WHEN v_proved > v_ordered THEN v_ordered ELSE v_proved END;
        END IF;
        v_since := greatest(v_since, v_from);
    END IF;
    IF v_is_open THEN
        v_until := least(greatest(p_until_ns, v_open.start_ns, v_proved), v_since);
        IF v_until = v_open.start_ns THEN
            DELETE FROM inventory.size_segment WHERE domain = p_domain AND start_ns = v_open.start_ns;
        ELSE
            UPDATE inventory.size_segment SET end_ns = v_until WHERE domain = p_domain AND start_ns = v_open.start_ns;
        END IF;
    END IF;
    INSERT INTO inventory.size_state
        VALUES (p_domain, p_host, p_incarnation_start_ns, p_observed_ns,
            CASE WHEN c_is_nothing THEN coalesce(v_until, v_state.boundary_ns, v_since) ELSE v_since END)
        ON CONFLICT (domain) DO UPDATE SET host = excluded.host, incarnation_start_ns = excluded.incarnation_start_ns,
            observed_ns = excluded.observed_ns, boundary_ns = excluded.boundary_ns;
    IF c_is_nothing THEN
        RETURN CASE WHEN v_is_open THEN 'closed' ELSE 'unchanged' END;
    END IF;
    INSERT INTO inventory.size_segment
        VALUES (p_domain, p_host, p_incarnation_start_ns, v_since, NULL, p_vcpus, p_memory_bytes, p_disk_bytes,
                p_asked_vcpus, p_granted_vcpus, nullif(c_capacity, p_vcpus * 1000::int8));
    RETURN 'opened';
END $$;
REVOKE EXECUTE ON FUNCTION
    inventory.observe_size(text, int8, uuid, int8, int8, int8, int8, int4, int8, int8, int4, int4, int8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    inventory.observe_size(text, int8, uuid, int8, int8, int8, int8, int4, int8, int8, int4, int4, int8) TO ebb_monitor;
