// SPDX-License-Identifier: Apache-2.0

import Store

// The core and the store each have their own view of a host, a domain and a permit; these names tell the store's apart.
// (`Store.HostRecord` can't be written: the module has a type of its own name.)
typealias StoredHost = HostRecord
typealias StoredDomain = DomainRecord
typealias StoredPermitRequest = PermitRequest
