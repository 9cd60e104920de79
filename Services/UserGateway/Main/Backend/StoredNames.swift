// SPDX-License-Identifier: Apache-2.0

import Store

// The core and the store each have their own principal; this name tells the store's apart.
// (`Store.Principal` can't be written: the module has a type of its own name.)
typealias StoredPrincipal = Principal
