-- SPDX-License-Identifier: Apache-2.0
-- Where VMs may be: what new ones ask for until they are there, which pins and groups do not hold, and what hosts are
-- known to have, by which it is told whether a VM can go from one to another.

-- Its groups and pinned hosts become the VM's policy once Monitor lists it.
CREATE TABLE scheduling.wanted_place (
    domain     uuid PRIMARY KEY,
    cluster    text NOT NULL,
    options    jsonb NOT NULL CHECK (jsonb_typeof(options) = 'object'),
    -- Nobody has heard of the VM by then: it was not created.
    expires_ns int8 NOT NULL
);

CREATE TABLE scheduling.broken_tie (
    domain  uuid NOT NULL REFERENCES inventory.domain,
    -- In plain words: its pin or its group.
    tie     text NOT NULL,
    cluster text NOT NULL,
    PRIMARY KEY (domain, tie)
);

CREATE TABLE inventory.host_abilities (
    host      text PRIMARY KEY REFERENCES inventory.host,
    -- When the host was asked. What is older than three of the periods in which it is asked is not known.
    asked_ns  int8 NOT NULL,
    period_ns int8 NOT NULL CHECK (period_ns > 0),
    -- Driver, ways to migrate, pools, networks, CPU and which other CPUs' guests it takes.
    abilities jsonb NOT NULL CHECK (jsonb_typeof(abilities) = 'object'),
    -- The CPU in the driver's own words, which other hosts are asked about; NULL: the driver says nothing.
    cpu       text
);

GRANT SELECT, INSERT, UPDATE, DELETE ON scheduling.wanted_place, scheduling.broken_tie TO ebb_scheduler;
GRANT SELECT ON scheduling.broken_tie TO ebb_usergateway;
GRANT SELECT, INSERT, UPDATE ON inventory.host_abilities TO ebb_monitor;
GRANT SELECT ON inventory.host_abilities TO ebb_scheduler, ebb_usergateway;
