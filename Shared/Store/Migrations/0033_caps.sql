-- SPDX-License-Identifier: Apache-2.0
-- A CPU cap has three states: unknown, none, so much. What was asked, what the host shows, and what was found when a domain was
-- adopted are three facts. All in parts per million of one core.

-- NULL: nobody asked for a cap. 0: its cap is lifted, also one that was found.
ALTER TABLE inventory.domain DROP CONSTRAINT domain_cpu_cap_ppm_check,
    ADD CONSTRAINT domain_cpu_cap_ppm_check CHECK (cpu_cap_ppm >= 0),
    -- NULL: the host does not say. 0: none.
    ADD COLUMN seen_cpu_cap_ppm int8 CHECK (seen_cpu_cap_ppm BETWEEN 0 AND 1000000000000);

-- NULL: the host did not say, or the adoption is from before this was noted. 0: none.
ALTER TABLE inventory.saved_definition
    ADD COLUMN cpu_cap_ppm int8 CHECK (cpu_cap_ppm BETWEEN 0 AND 1000000000000);
