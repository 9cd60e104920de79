-- SPDX-License-Identifier: Apache-2.0
-- Amounts have bounds, the same as the values that they become (Shared/ResourceModel/Quantities.swift): 0 to 2^50 bytes,
-- 0 to 65,536 vCPUs, at most a million times full in parts per million, instants from 1970 to 2200.
--
-- What lies outside is from before there were bounds. No domain or host can have such an amount, so it is taken as not
-- known, or as the bound where that means the same. Each is named in the audit trail, with what it was; no row is lost.

CREATE FUNCTION pg_temp.mend(p_table regclass, p_key text, p_column text, p_low int8, p_high int8, p_instead text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_row record;
BEGIN
    FOR v_row IN EXECUTE format(
        'SELECT ctid AS place, (%s)::text AS key, %I::int8 AS was, (%s)::int8 AS instead FROM %s WHERE %I NOT BETWEEN %s AND %s',
        p_key, p_column, format(p_instead, p_column), p_table, p_column, p_low, p_high)
    LOOP
        EXECUTE format('UPDATE %s SET %I = $1 WHERE ctid = $2', p_table, p_column) USING v_row.instead, v_row.place;
        INSERT INTO audit.outbox (actor, action, subject, detail) VALUES ('ebb-migrate', 'bounds.mend', v_row.key,
            jsonb_build_object('table', p_table::text, 'column', p_column, 'was', v_row.was, 'is', v_row.instead));
        RAISE WARNING '% %: % was %, which can''t be: it is % now', p_table, v_row.key, p_column, v_row.was,
            coalesce(v_row.instead::text, 'unknown');
    END LOOP;
END $$;

DO $$
DECLARE
    c_bytes   CONSTANT int8 := 1::int8 << 50;
    c_vcpus   CONSTANT int8 := 65536;
    c_ppm     CONSTANT int8 := 1000000000000;
    c_end     CONSTANT int8 := 7258118400000000000;
    c_year    CONSTANT int8 := 366 * 86400000000000;
    -- A reserve or a bound beyond all that there is means the same at the bound.
    c_nearest CONSTANT text := 'least(%I, ' || c_bytes || ')';
    v_column  text;
BEGIN
    -- Monitor reads these again as soon as it starts.
    PERFORM pg_temp.mend('inventory.host', 'id', 'cpu_count', 0, c_vcpus, 'NULL'),
        pg_temp.mend('inventory.host', 'id', 'memory_bytes', 0, c_bytes, 'NULL'),
        pg_temp.mend('inventory.host', 'id', 'proved_until_ns', 0, c_end, 'NULL'),
        pg_temp.mend('inventory.host', 'id', 'reserved_memory_bytes', 0, c_bytes, c_nearest),
        pg_temp.mend('inventory.host', 'id', 'reserved_vcpus', 0, c_vcpus, c_vcpus::text);
    FOREACH v_column IN ARRAY ARRAY['cpu_overcommit_ppm', 'memory_overcommit_ppm', 'cpu_bound_ppm'] LOOP
        PERFORM pg_temp.mend('inventory.host', 'id', v_column, 1, c_ppm, c_ppm::text);
    END LOOP;

    -- A ceiling of 0 is one that is not known: Monitor sees that of a VM that is there, and one that is not there
    -- holds no room.
    PERFORM pg_temp.mend('inventory.domain', 'id', 'maximum_memory_bytes', 0, c_bytes, '0'),
        pg_temp.mend('inventory.domain', 'id', 'maximum_vcpus', 0, c_vcpus, '0'),
        pg_temp.mend('inventory.domain', 'id', 'disk_bytes', 0, c_bytes, '0'),
        pg_temp.mend('inventory.domain', 'id', 'cpu_cap_ppm', 1, c_ppm, 'NULL'),
        pg_temp.mend('inventory.domain', 'id', 'incarnation_start_ns', 0, c_end, 'NULL');
    FOREACH v_column IN ARRAY
        ARRAY['memory_bytes', 'pending_maximum_memory_bytes', 'network_cap_bytes_per_second'] LOOP
        PERFORM pg_temp.mend('inventory.domain', 'id', v_column, 0, c_bytes, 'NULL');
    END LOOP;
    FOREACH v_column IN ARRAY
        ARRAY['asked_vcpus', 'granted_vcpus', 'confirmed_vcpus', 'pending_maximum_vcpus'] LOOP
        PERFORM pg_temp.mend('inventory.domain', 'id', v_column, 0, c_vcpus, 'NULL');
    END LOOP;

    FOREACH v_column IN ARRAY ARRAY['maximum_memory_bytes', 'minimum_memory_bytes',
        'maximum_network_bytes_per_second', 'minimum_network_bytes_per_second'] LOOP
        PERFORM pg_temp.mend('scheduling.policy', $t$domain || ' version ' || version$t$, v_column, 0, c_bytes, c_nearest);
    END LOOP;
    FOREACH v_column IN ARRAY ARRAY['maximum_vcpus', 'minimum_vcpus'] LOOP
        PERFORM pg_temp.mend('scheduling.policy', $t$domain || ' version ' || version$t$, v_column, 0, c_vcpus,
            c_vcpus::text);
    END LOOP;
    PERFORM pg_temp.mend('scheduling.permit', 'id', 'memory_bytes', 0, c_bytes, c_nearest),
        pg_temp.mend('scheduling.permit', 'id', 'vcpus', 0, c_vcpus, c_vcpus::text),
        pg_temp.mend('scheduling.waiting_growth', 'domain', 'missing', 0, c_bytes, c_nearest),
        pg_temp.mend('scheduling.cluster_setting', 'cluster', 'move_rest_ns', 0, c_year, c_year::text);
END $$;

ALTER TABLE inventory.host ADD CONSTRAINT host_bounds CHECK (
    cpu_count BETWEEN 0 AND 65536 AND memory_bytes BETWEEN 0 AND 1125899906842624
    AND cpu_overcommit_ppm <= 1000000000000 AND memory_overcommit_ppm <= 1000000000000
    AND cpu_bound_ppm <= 1000000000000 AND reserved_vcpus <= 65536 AND reserved_memory_bytes <= 1125899906842624
    AND proved_until_ns BETWEEN 0 AND 7258118400000000000);

ALTER TABLE inventory.domain ADD CONSTRAINT domain_bounds CHECK (
    maximum_vcpus BETWEEN 0 AND 65536 AND asked_vcpus BETWEEN 0 AND 65536 AND granted_vcpus BETWEEN 0 AND 65536
    AND confirmed_vcpus BETWEEN 0 AND 65536 AND pending_maximum_vcpus <= 65536
    AND maximum_memory_bytes BETWEEN 0 AND 1125899906842624 AND memory_bytes BETWEEN 0 AND 1125899906842624
    AND pending_maximum_memory_bytes <= 1125899906842624 AND disk_bytes BETWEEN 0 AND 1125899906842624
    AND cpu_cap_ppm <= 1000000000000 AND network_cap_bytes_per_second <= 1125899906842624
    AND incarnation_start_ns BETWEEN 0 AND 7258118400000000000);

ALTER TABLE scheduling.policy ADD CONSTRAINT policy_bounds CHECK (
    maximum_vcpus <= 65536 AND window_length <= 1000000 AND maximum_memory_bytes <= 1125899906842624
    AND maximum_network_bytes_per_second <= 1125899906842624);

ALTER TABLE scheduling.permit ADD CONSTRAINT permit_bounds CHECK (
    vcpus <= 65536 AND memory_bytes <= 1125899906842624 AND expires_ns BETWEEN 0 AND 7258118400000000000) NOT VALID;

ALTER TABLE scheduling.waiting_growth ADD CONSTRAINT waiting_growth_bounds CHECK (missing <= 1125899906842624);

ALTER TABLE scheduling.cluster_setting ADD CONSTRAINT cluster_setting_bounds CHECK (
    move_rest_ns <= 31622400000000000);

-- What was billed is not changed: an old segment beyond the bounds is set aside when a bill is made, and named.
ALTER TABLE inventory.size_segment ADD CONSTRAINT size_segment_bounds CHECK (
    vcpus <= 65536 AND memory_bytes <= 1125899906842624 AND disk_bytes <= 1125899906842624
    AND start_ns BETWEEN 0 AND 7258118400000000000) NOT VALID;
