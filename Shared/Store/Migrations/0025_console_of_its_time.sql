-- SPDX-License-Identifier: Apache-2.0
-- A domain's console is whose the domain was: who adopts one reads what was written to it since.

ALTER TABLE inventory.saved_definition
    -- On which host it was when it was adopted, and how many bytes its console's file had there.
    ADD COLUMN console_host   text,
    ADD COLUMN console_offset int8 NOT NULL DEFAULT 0 CHECK (console_offset >= 0);
