-- SPDX-License-Identifier: Apache-2.0
-- What a tenant reads instead of the provider's names, and where it may have VMs.

-- What stands for a name in all that one tenant reads. Drawn at random at the first use and derived from nothing, so that no
-- dictionary gives the name back. Without its row a pseudonym means nothing any more: the next use draws another.
CREATE TABLE account.pseudonym (
    tenant    text NOT NULL REFERENCES account.tenant,
    kind      text NOT NULL CHECK (kind IN ('host', 'cluster')),
    name      text NOT NULL,
    pseudonym text NOT NULL,
    PRIMARY KEY (tenant, kind, name),
    UNIQUE (tenant, pseudonym)
);

-- The clusters that a tenant's new VMs may be placed in; without a row: every cluster.
CREATE TABLE account.tenant_cluster (
    tenant  text NOT NULL REFERENCES account.tenant,
    cluster text NOT NULL,
    PRIMARY KEY (tenant, cluster)
);

GRANT SELECT, INSERT, DELETE ON account.pseudonym, account.tenant_cluster TO ebb_usergateway;
