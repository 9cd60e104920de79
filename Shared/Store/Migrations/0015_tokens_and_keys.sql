-- SPDX-License-Identifier: Apache-2.0
-- Tokens that can be named without their secret, principals that are disabled, and what each keyed request came to.

ALTER TABLE account.token
    -- By which people name it: the hash stays where it is.
    ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid();
CREATE INDEX token_principal ON account.token (principal);

ALTER TABLE account.principal
    -- Since when none of its tokens is valid; NULL: it may log in.
    ADD COLUMN disabled_ns int8;

-- One row for each request that changes something and was given a key: repeats are told what it came to.
CREATE TABLE account.request_key (
    principal     uuid NOT NULL REFERENCES account.principal,
    key           text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 128),
    -- SHA-256 of the method and of what was asked: another one under the same key is a conflict.
    body          bytea NOT NULL CHECK (length(body) = 32),
    -- Random, of the attempt that holds the key: only that one acts under it, and only once.
    attempt       bytea NOT NULL CHECK (length(attempt) = 32),
    -- Set in the transaction of the act itself.
    has_acted     boolean NOT NULL DEFAULT false,
    -- {"result": …} or {"error": …}, without secrets; NULL: it has not come to its end, or nobody kept it.
    answer        text,
    -- Nobody works on it after this instant.
    held_until_ns int8 NOT NULL,
    -- The key is free again after this instant.
    expires_ns    int8 NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX request_key_expiry ON account.request_key (expires_ns);

GRANT SELECT, INSERT, UPDATE, DELETE ON account.request_key TO ebb_usergateway;
-- Room that was promised to a request that does not use it goes back at once.
GRANT UPDATE (state) ON scheduling.permit TO ebb_usergateway;
