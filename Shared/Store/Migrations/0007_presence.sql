-- SPDX-License-Identifier: Apache-2.0
-- What is gone holds no room, and which of two copies is the domain.

ALTER TABLE inventory.domain
    -- Since when a complete listing of its host shows that it is not there, although nobody ordered that. NULL: it is
    -- there, or nobody can tell.
    ADD COLUMN missing_ns int8;

-- In which state the host shows its copy.
ALTER TABLE inventory.duplicate ADD COLUMN state text NOT NULL DEFAULT 'unknown';
