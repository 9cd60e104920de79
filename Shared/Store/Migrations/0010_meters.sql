-- SPDX-License-Identifier: Apache-2.0
-- Meters per device, and where what was stored of a meter falls.

ALTER TABLE inventory.meter_reading
    -- The last counters of each device, {"interface 52:54:00:00:00:21": [received, transmitted], "disk vda": [read,
    -- written]}, from which the meter goes on after a restart; null where a counter was never read. NULL: the driver gives
    -- sums only, and the columns are these sums. Else the columns are the growth of all devices since the life was seen
    -- first, beginning with what they showed then.
    ADD COLUMN devices jsonb CHECK (jsonb_typeof(devices) = 'object');

ALTER TABLE inventory.domain
    -- Devices whose counters or size can't be read, by the names of meter_reading.devices; NULL: there is none.
    ADD COLUMN unmetered_devices jsonb CHECK (jsonb_typeof(unmetered_devices) = 'array');

-- Readings at which a counter may be lower than where it was known last: a bill adds up the growth between them. Too many
-- of them do no harm.
CREATE TABLE inventory.meter_fall (
    domain               uuid NOT NULL,
    host                 text NOT NULL,
    incarnation_start_ns int8 NOT NULL,
    at_ns                int8 NOT NULL,
    PRIMARY KEY (domain, host, incarnation_start_ns, at_ns)
);

INSERT INTO inventory.meter_fall
SELECT DISTINCT domain, host, incarnation_start_ns, at_ns FROM (
    SELECT r.domain, r.host, r.incarnation_start_ns, r.at_ns, c.value, lag(c.value) OVER (
        PARTITION BY r.domain, r.host, r.incarnation_start_ns, c.counter ORDER BY r.at_ns) AS former
    FROM inventory.meter_reading r, LATERAL (VALUES
        (1, r.cpu_time_ns), (2, r.network_received_bytes), (3, r.network_transmitted_bytes), (4, r.block_read_bytes),
        (5, r.block_written_bytes)) c(counter, value)
    WHERE c.value IS NOT NULL) known
WHERE value < former;

-- Each added reading beside the one before and the one after it, for all that a statement adds.
CREATE FUNCTION inventory.note_falls() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO inventory.meter_fall
    SELECT DISTINCT later.domain, later.host, later.incarnation_start_ns, later.at_ns
    FROM added a
    CROSS JOIN LATERAL (
        SELECT a.at_ns UNION ALL (
            SELECT r.at_ns FROM inventory.meter_reading r WHERE r.domain = a.domain AND r.host = a.host
                AND r.incarnation_start_ns = a.incarnation_start_ns AND r.at_ns > a.at_ns ORDER BY r.at_ns LIMIT 1)) i
    JOIN inventory.meter_reading later ON later.domain = a.domain AND later.host = a.host
        AND later.incarnation_start_ns = a.incarnation_start_ns AND later.at_ns = i.at_ns
    CROSS JOIN LATERAL (
        SELECT r.* FROM inventory.meter_reading r WHERE r.domain = a.domain AND r.host = a.host
            AND r.incarnation_start_ns = a.incarnation_start_ns AND r.at_ns < later.at_ns
        ORDER BY r.at_ns DESC LIMIT 1) former
    -- Beside a counter that was not known there may be a fall since it was.
    WHERE later.cpu_time_ns < coalesce(former.cpu_time_ns, 9223372036854775807)
        OR later.network_received_bytes < coalesce(former.network_received_bytes, 9223372036854775807)
        OR later.network_transmitted_bytes < coalesce(former.network_transmitted_bytes, 9223372036854775807)
        OR later.block_read_bytes < coalesce(former.block_read_bytes, 9223372036854775807)
        OR later.block_written_bytes < coalesce(former.block_written_bytes, 9223372036854775807)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER note_falls AFTER INSERT ON inventory.meter_reading REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.note_falls();

GRANT SELECT ON inventory.meter_fall TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_usergateway;
