-- SPDX-License-Identifier: Apache-2.0
-- M/N as the window really represents the stated ratio: what the version is shown and billed by. NULL: the version is older
-- than this column and counts as stated.

ALTER TABLE scheduling.policy
    ADD COLUMN true_ratio_ppm int8 CHECK (true_ratio_ppm > 0 AND true_ratio_ppm <= 1000000);
