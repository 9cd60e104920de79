// SPDX-License-Identifier: Apache-2.0

import Store

// Names of the store that the core uses too: here only the store's are visible.

typealias StoredSegment = SizeSegment
typealias StoredReading = MeterReading
