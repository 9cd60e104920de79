-- SPDX-License-Identifier: Apache-2.0
-- What the whole Monitor needs: hosts with labels that can leave, freezes, progress, caps, adopted definitions, and the
-- samples' further figures.

-- hosts ---------------------------------------------------------------------------------------------------------------

ALTER TABLE inventory.host
    -- Names and values that people give: {"rack": "a3"}.
    ADD COLUMN labels jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(labels) = 'object'),
    -- Since when it is Ebb's no more; bills and events name it still.
    ADD COLUMN removed_ns int8,
    -- What its hypervisor says it is. Not unique: cloned machines share one, which is reported and harms nothing.
    ADD COLUMN uuid uuid;
-- A host that was removed may come back under another name.
ALTER TABLE inventory.host DROP CONSTRAINT host_uri_key;
CREATE UNIQUE INDEX host_uri ON inventory.host (uri) WHERE removed_ns IS NULL;
CREATE INDEX host_uuid ON inventory.host (uuid) WHERE removed_ns IS NULL;

-- domains -------------------------------------------------------------------------------------------------------------

ALTER TABLE inventory.domain
    -- Who manages it, where its definition names another manager (such as nova): Ebb only observes it.
    ADD COLUMN foreign_manager text,
    -- Of one core, in millionths; NULL: no cap.
    ADD COLUMN cpu_cap_ppm int8 CHECK (cpu_cap_ppm > 0),
    -- NULL: no cap.
    ADD COLUMN network_cap_bytes_per_second int8 CHECK (network_cap_bytes_per_second > 0),
    -- The ceiling that the definition gets at the next cold boot; NULL: it stays.
    ADD COLUMN pending_maximum_vcpus int4 CHECK (pending_maximum_vcpus > 0),
    ADD COLUMN pending_maximum_memory_bytes int8 CHECK (pending_maximum_memory_bytes > 0);

-- An adopted domain's definition as it was before, to give it back by.
CREATE TABLE inventory.saved_definition (
    domain     uuid PRIMARY KEY REFERENCES inventory.domain,
    definition text NOT NULL,
    saved_ns   int8 NOT NULL
);

-- A domain's UUID that a host shows although another host has the domain: keyed by host.
CREATE TABLE inventory.duplicate (
    host       text NOT NULL REFERENCES inventory.host,
    domain     uuid NOT NULL REFERENCES inventory.domain,
    noticed_ns int8 NOT NULL,
    PRIMARY KEY (host, domain)
);

-- commands and freezes ------------------------------------------------------------------------------------------------

ALTER TABLE cluster.command
    ADD COLUMN progress_ppm int8 CHECK (progress_ppm BETWEEN 0 AND 1000000),
    ADD COLUMN progress_text text;

-- While a row stands, no decision's command runs for what it names. People's commands do.
CREATE TABLE cluster.freeze (
    scope        text NOT NULL CHECK (scope IN ('cluster', 'tenant', 'vm')),
    id           text NOT NULL,
    reason       text NOT NULL,
    principal    text NOT NULL,
    is_automatic boolean NOT NULL DEFAULT false,
    created_ns   int8 NOT NULL DEFAULT cluster.now_ns(),
    PRIMARY KEY (scope, id)
);

-- samples -------------------------------------------------------------------------------------------------------------

ALTER TABLE log.sample
    ADD COLUMN swap_in_bytes int8,
    ADD COLUMN major_faults int8,
    ADD COLUMN network_cap_bytes_per_second int8,
    ADD COLUMN network_utilization_ppm int8,
    ADD COLUMN swap_in_delta_bytes int8,
    ADD COLUMN major_faults_delta int8;
ALTER TABLE log.host_sample
    -- Of the last round trips to the host, those without an answer.
    ADD COLUMN response_loss_ppm int8;

-- grants --------------------------------------------------------------------------------------------------------------

GRANT SELECT ON cluster.freeze TO ebb_monitor, ebb_scheduler, ebb_usergateway;
GRANT INSERT ON cluster.freeze TO ebb_scheduler;
GRANT INSERT, UPDATE, DELETE ON cluster.freeze TO ebb_usergateway;

GRANT UPDATE (cluster, uri, labels, cpu_overcommit_ppm, memory_overcommit_ppm, reserved_vcpus, reserved_memory_bytes,
    cpu_bound_ppm, removed_ns) ON inventory.host TO ebb_usergateway;

GRANT SELECT, INSERT, UPDATE, DELETE ON inventory.saved_definition, inventory.duplicate TO ebb_monitor;
GRANT SELECT ON inventory.duplicate TO ebb_usergateway;
