-- SPDX-License-Identifier: Apache-2.0
-- Copies of which their hosts have not said yet what they are: Monitors look for them once a second.

CREATE INDEX duplicate_unknown ON inventory.duplicate (host, domain) WHERE state = 'unknown';
