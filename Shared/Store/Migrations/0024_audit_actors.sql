-- SPDX-License-Identifier: Apache-2.0
-- The gateway writes audit entries in the names of people who may log in, and in no service's, and lists those too that
-- wait to be sealed.

CREATE OR REPLACE FUNCTION audit.append(p_at_ns int8, p_actor text, p_action text, p_subject text, p_detail jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller text := cluster.caller();
BEGIN
    IF p_actor <> v_caller AND (v_caller <> 'usergateway'
        OR NOT EXISTS (SELECT 1 FROM account.principal p WHERE p.name = p_actor))
    THEN
        RAISE EXCEPTION 'the role of % writes no audit entry as %', v_caller, p_actor USING ERRCODE = '42501';
    END IF;
    INSERT INTO audit.outbox (at_ns, actor, action, subject, detail, service)
    VALUES (p_at_ns, p_actor, p_action, p_subject, p_detail, coalesce(v_caller, session_user));
END $$;

GRANT SELECT ON audit.outbox TO ebb_usergateway;
