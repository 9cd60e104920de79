-- SPDX-License-Identifier: Apache-2.0
-- Nobody writes instances and shards but these functions. An instance shows the secret that it made at its start; they
-- change its row and its shards, and no others.

-- Which service's role has logged in; NULL: none of them, so an administrator.
CREATE FUNCTION cluster.caller() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.name FROM unnest(ARRAY['monitor', 'scheduler', 'billing', 'logger', 'usergateway']) s(name)
    WHERE 'ebb_' || s.name = session_user
$$;

-- Whose instances own shards of a kind; NULL: there is no such kind.
CREATE FUNCTION cluster.service_of_shards(p_kind text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_kind WHEN 'host' THEN 'monitor' WHEN 'cluster' THEN 'scheduler' WHEN 'tenant' THEN 'billing'
        WHEN 'log' THEN 'logger' WHEN 'audit' THEN 'logger' END
$$;

-- What an instance proves itself by. An instance from before has none: nobody speaks for it, and it is silent.
CREATE TABLE cluster.instance_proof (
    instance        uuid PRIMARY KEY REFERENCES cluster.instance ON DELETE CASCADE,
    -- SHA-256 of the 256-bit random secret.
    secret_hash     bytea NOT NULL CHECK (length(secret_hash) = 32),
    -- After so long without a renewal others may take its shards and remove its row.
    time_to_live_ns int8 NOT NULL CHECK (time_to_live_ns BETWEEN 0 AND 600000000000),
    renewed_ns      int8 NOT NULL
);

-- The service of an instance that the caller has the secret of; NULL: there is no such instance. Fails with another secret.
CREATE FUNCTION cluster.prove_instance(p_instance uuid, p_secret bytea) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service  text;
    v_is_known boolean;
BEGIN
    SELECT i.service, p.secret_hash IS NOT NULL AND p.secret_hash = sha256(p_secret) INTO v_service, v_is_known
        FROM cluster.instance i LEFT JOIN cluster.instance_proof p ON p.instance = i.id WHERE i.id = p_instance;
    IF NOT v_is_known THEN
        RAISE EXCEPTION 'instance % is another''s: this is not its secret', p_instance USING ERRCODE = '42501';
    END IF;
    RETURN v_service;
END $$;

-- Whether an instance has not renewed its row for its time to live. A clock that was set makes nobody live for longer.
CREATE FUNCTION cluster.is_silent(p_instance uuid) RETURNS boolean LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (SELECT 1 FROM cluster.instance_proof p
        WHERE p.instance = p_instance AND abs(cluster.now_ns() - p.renewed_ns) < p.time_to_live_ns)
$$;

-- instances -----------------------------------------------------------------------------------------------------------

-- Announces an instance of the caller's own service, or what changed about it.
CREATE FUNCTION cluster.register_instance(
    p_instance uuid, p_secret bytea, p_service text, p_time_to_live_ns int8, p_publish_endpoint text,
    p_command_endpoint text, p_admin_endpoint text, p_public_key text, p_version text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_service <> cluster.caller() THEN
        RAISE EXCEPTION 'the role of % registers no instance of %', cluster.caller(), p_service USING ERRCODE = '42501';
    END IF;
    IF length(p_secret) <> 32 THEN
        RAISE EXCEPTION 'an instance''s secret has 32 bytes, not %', length(p_secret) USING ERRCODE = '22023';
    END IF;
    PERFORM cluster.prove_instance(p_instance, p_secret);
    INSERT INTO cluster.instance
        (id, service, publish_endpoint, command_endpoint, admin_endpoint, public_key, version)
    VALUES (p_instance, p_service, p_publish_endpoint, p_command_endpoint, p_admin_endpoint, p_public_key, p_version)
    ON CONFLICT (id) DO UPDATE SET publish_endpoint = excluded.publish_endpoint,
        command_endpoint = excluded.command_endpoint, admin_endpoint = excluded.admin_endpoint,
        public_key = excluded.public_key, version = excluded.version, heartbeat = cluster.instance.heartbeat + 1;
    INSERT INTO cluster.instance_proof AS p (instance, secret_hash, time_to_live_ns, renewed_ns)
    VALUES (p_instance, sha256(p_secret), p_time_to_live_ns, cluster.now_ns())
    ON CONFLICT (instance) DO UPDATE
        SET time_to_live_ns = excluded.time_to_live_ns, renewed_ns = excluded.renewed_ns
        WHERE p.secret_hash = excluded.secret_hash;
    IF NOT FOUND THEN
        -- Somebody else registered the same id at this moment.
        RAISE EXCEPTION 'instance % is another''s: this is not its secret', p_instance USING ERRCODE = '42501';
    END IF;
END $$;

-- Raises an instance's heartbeat and returns it; NULL: its row is gone, it must register again.
CREATE FUNCTION cluster.renew_instance(p_instance uuid, p_secret bytea) RETURNS int8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_heartbeat int8;
BEGIN
    IF cluster.prove_instance(p_instance, p_secret) IS NULL THEN
        RETURN NULL;
    END IF;
    -- In the order in which a removal locks the two.
    UPDATE cluster.instance SET heartbeat = heartbeat + 1 WHERE id = p_instance RETURNING heartbeat INTO v_heartbeat;
    UPDATE cluster.instance_proof SET renewed_ns = cluster.now_ns() WHERE instance = p_instance;
    RETURN v_heartbeat;
END $$;

-- What an instance has set aside goes with its renewal: only its own function writes its row.
CREATE FUNCTION cluster.note_set_aside(p_instance uuid, p_secret bytea, p_lines jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.prove_instance(p_instance, p_secret) IS NOT NULL THEN
        UPDATE cluster.instance SET set_aside = p_lines WHERE id = p_instance AND set_aside IS DISTINCT FROM p_lines;
    END IF;
END $$;

-- Takes an instance's own row away; its shards have no owner then.
CREATE FUNCTION cluster.remove_instance(p_instance uuid, p_secret bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.prove_instance(p_instance, p_secret) IS NOT NULL THEN
        DELETE FROM cluster.instance WHERE id = p_instance;
    END IF;
END $$;

-- Takes the rows of others away that are silent; of who is not, nothing happens.
CREATE FUNCTION cluster.remove_silent_instances(p_instance uuid, p_secret bytea, p_silent uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.prove_instance(p_instance, p_secret) IS NOT NULL THEN
        DELETE FROM cluster.instance WHERE id = ANY (p_silent) AND id <> p_instance AND cluster.is_silent(id);
    END IF;
END $$;

-- shards --------------------------------------------------------------------------------------------------------------

-- Fails unless shards of this kind are the service's; an administrator may have them all.
CREATE FUNCTION cluster.require_shards(p_kind text, p_service text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_service IS DISTINCT FROM cluster.service_of_shards(p_kind) AND p_service IS NOT NULL THEN
        RAISE EXCEPTION 'shards of kind % are not for %', p_kind, p_service USING ERRCODE = '42501';
    END IF;
END $$;

-- Makes the rows that are missing, at epoch 0 and without an owner.
CREATE FUNCTION cluster.ensure_shards(p_kind text, p_ids text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM cluster.require_shards(p_kind, cluster.caller());
    INSERT INTO cluster.shard (kind, id) SELECT p_kind, unnest(p_ids) ON CONFLICT DO NOTHING;
END $$;

-- Takes a shard from the state that was seen, under a new epoch, which is returned; NULL: it changed since, its owner is
-- not silent, or the instance's own row is gone.
CREATE FUNCTION cluster.claim_shard(
    p_instance uuid, p_secret bytea, p_kind text, p_id text, p_epoch int8, p_owner uuid
) RETURNS int8 LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_service text := cluster.prove_instance(p_instance, p_secret);
    v_epoch   int8;
BEGIN
    PERFORM cluster.require_shards(p_kind, v_service);
    IF v_service IS NULL OR p_owner <> p_instance AND NOT cluster.is_silent(p_owner) THEN
        RETURN NULL;
    END IF;
    UPDATE cluster.shard SET owner = p_instance, epoch = epoch + 1
        WHERE kind = p_kind AND id = p_id AND epoch = p_epoch AND owner IS NOT DISTINCT FROM p_owner
        RETURNING epoch INTO v_epoch;
    RETURN v_epoch;
END $$;

-- Gives a shard up; false: the instance has lost it already.
CREATE FUNCTION cluster.release_shard(p_instance uuid, p_secret bytea, p_kind text, p_id text, p_epoch int8)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM cluster.prove_instance(p_instance, p_secret);
    UPDATE cluster.shard SET owner = NULL
        WHERE kind = p_kind AND id = p_id AND epoch = p_epoch AND owner = p_instance;
    RETURN FOUND;
END $$;

-- Which of these shards are still at these epochs. A take-over of them waits until the transaction ends.
CREATE FUNCTION cluster.hold_shards(p_kind text, p_ids text[], p_epochs int8[]) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM cluster.require_shards(p_kind, cluster.caller());
    -- In one order, so that two transactions never wait for each other in a ring.
    RETURN QUERY SELECT s.id FROM unnest(p_ids, p_epochs) held(id, epoch)
        JOIN cluster.shard s ON s.kind = p_kind AND s.id = held.id AND s.epoch = held.epoch
        ORDER BY s.id FOR KEY SHARE OF s;
END $$;

-- grants: what nobody is given, nobody may -----------------------------------------------------------------------------

REVOKE INSERT, UPDATE, DELETE ON cluster.instance, cluster.shard
    FROM ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA cluster, account, inventory, scheduling, billing, log, audit FROM PUBLIC;

-- Defaults of columns and triggers read the clock in the name of whoever writes.
GRANT EXECUTE ON FUNCTION cluster.now_ns(),
    cluster.register_instance(uuid, bytea, text, int8, text, text, text, text, text),
    cluster.renew_instance(uuid, bytea), cluster.note_set_aside(uuid, bytea, jsonb),
    cluster.remove_instance(uuid, bytea),
    cluster.remove_silent_instances(uuid, bytea, uuid[])
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;
GRANT EXECUTE ON FUNCTION cluster.ensure_shards(text, text[]),
    cluster.claim_shard(uuid, bytea, text, text, int8, uuid), cluster.release_shard(uuid, bytea, text, text, int8),
    cluster.hold_shards(text, text[], int8[])
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger;
GRANT EXECUTE ON FUNCTION inventory.owner_at(uuid, int8)
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_usergateway;
