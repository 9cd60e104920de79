-- SPDX-License-Identifier: Apache-2.0
-- A rate card can be withdrawn before it holds: it stays as a record with its date, and its instant is free for another.

ALTER TABLE billing.rate_card
    DROP CONSTRAINT rate_card_valid_from_ns_key,
    -- Both NULL: it holds, or will.
    ADD COLUMN withdrawn_ns int8,
    ADD COLUMN withdrawn_by text,
    ADD CHECK (num_nonnulls(withdrawn_ns, withdrawn_by) IN (0, 2)),
    ADD CHECK (withdrawn_ns < valid_from_ns);
CREATE UNIQUE INDEX rate_card_valid_from ON billing.rate_card (valid_from_ns) WHERE withdrawn_ns IS NULL;

-- The only change that a card can have: nothing happens to one that holds already, and a withdrawn one keeps its record.
CREATE FUNCTION billing.withdraw_rate_card(p_version int8, p_principal text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE billing.rate_card SET withdrawn_ns = clock.now_ns, withdrawn_by = p_principal
    FROM (SELECT cluster.now_ns() AS now_ns) clock
    WHERE version = p_version AND withdrawn_ns IS NULL AND valid_from_ns > clock.now_ns;
$$;
REVOKE EXECUTE ON FUNCTION billing.withdraw_rate_card(int8, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing.withdraw_rate_card(int8, text) TO ebb_billing;
