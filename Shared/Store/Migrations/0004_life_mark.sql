-- SPDX-License-Identifier: Apache-2.0

-- What its host showed of a domain's life when a command was claimed of which the domain's state says nothing: a
-- successor compares it with what it sees.
ALTER TABLE cluster.command ADD COLUMN life_mark jsonb;
