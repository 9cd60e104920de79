-- SPDX-License-Identifier: Apache-2.0
-- What the end of an operation is proved by.

-- Files of the host that a deletion is to take with the domain. Written before the domain is forgotten, so that none
-- gets lost: as long as the row is there, a repeated deletion finds them.
ALTER TABLE inventory.domain ADD COLUMN leftover_volumes jsonb NOT NULL DEFAULT '[]';

-- Why the domain is in its state, in the driver's terms (io-error, watchdog, panicked, …); NULL: it does not say.
ALTER TABLE inventory.domain ADD COLUMN state_reason text;

-- Room that was promised to a command is held as long as the command goes on.
GRANT UPDATE (expires_ns) ON scheduling.permit TO ebb_monitor;
