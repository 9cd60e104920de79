-- SPDX-License-Identifier: Apache-2.0
-- Every instant lies between 1970 and 2200, as the values do that are read from it (Shared/ResourceModel/Time.swift), and an
-- epoch can still be raised for ever: a row that no service can read does not come into the database.
--
-- What is there from before is left as it is: NOT VALID looks at new rows and changes alone.

DO $$
DECLARE
    v_table record;
BEGIN
    FOR v_table IN
        SELECT c.oid::regclass AS name, string_agg(
            format('%I BETWEEN 0 AND 7258118400000000000', a.attname), ' AND ' ORDER BY a.attnum) AS condition
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname IN ('cluster', 'account', 'inventory', 'scheduling', 'billing', 'log', 'audit')
            AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
            AND a.atttypid = 'int8'::regtype AND a.attname LIKE '%\_ns'
            -- Lengths of time and counters.
            AND a.attname NOT IN ('cpu_time_ns', 'steal_time_ns', 'response_time_ns', 'interval_ns', 'period_ns',
                'move_rest_ns', 'time_to_live_ns', 'samples_ns')
        GROUP BY c.oid
    LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT instants CHECK (%s) NOT VALID', v_table.name, v_table.condition);
    END LOOP;
END $$;

ALTER TABLE cluster.shard ADD CONSTRAINT shard_bounds CHECK (epoch BETWEEN 0 AND 4611686018427387903) NOT VALID;
