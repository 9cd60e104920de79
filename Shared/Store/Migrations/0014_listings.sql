-- SPDX-License-Identifier: Apache-2.0
-- When it was seen last what each host has, what an old size segment may be, and which rows nobody can read.

ALTER TABLE inventory.host
    -- When the host was last asked for a listing of which each domain of another host was looked up: what runs on it is
    -- known from then on. NULL: never since there is this column.
    ADD COLUMN listed_ns int8,
    ADD CONSTRAINT host_listing_bounds CHECK (listed_ns BETWEEN 0 AND 7258118400000000000);

-- inventory.observe_size makes each segment open: then its size has bounds. An old one that is beyond them was made before
-- and can be ended all the same, so that the domain's true size is billed from there on.
ALTER TABLE inventory.size_segment
    DROP CONSTRAINT size_segment_bounds,
    ADD CONSTRAINT size_segment_bounds CHECK (
        end_ns IS NOT NULL OR vcpus <= 65536 AND memory_bytes <= 1125899906842624 AND disk_bytes <= 1125899906842624
            AND start_ns BETWEEN 0 AND 7258118400000000000) NOT VALID;

-- Rows that the instance has set aside, a line for each: what they are and why they can't be read.
ALTER TABLE cluster.instance ADD COLUMN set_aside jsonb NOT NULL DEFAULT '[]';
