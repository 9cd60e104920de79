// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Of which part of the use a line of a bill is.
package enum LinePart: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
    /// What no policy may take back. Its f is 1.
    case base
    /// What f multiplies.
    case elastic

    package static func < (left: LinePart, right: LinePart) -> Bool { left == .base && right == .elastic }
}

/// What a quantity of a bill or of usage counts. Documents name it by its raw value.
///
/// No number changes its meaning in its place: vCPUs are counted in `vCPU·ns` where all sizes are whole, as they always
/// were. Where any size of a line or a row is not whole, the whole line or row counts thousandths, and its unit says so.
package enum MeteredUnit: String, Hashable, Sendable, Codable, CaseIterable {
    /// vCPUs times nanoseconds.
    case vcpuNanosecond = "vCPU·ns"
    /// Thousandths of a vCPU times nanoseconds.
    case thousandthVCPUNanosecond = "mvCPU·ns"
    case byteNanosecond = "byte·ns"
    case byte
    case nanosecond = "ns"
}

/// The answer to `bill.show`: what a tenant owes for a period, term by term.
///
/// In all documents of Billing instants are RFC 3339 in UTC, and a period ends before its `to`. The gateway passes them on
/// with all that is in them, see `BillingMember`.
package struct BillDocument: JSONDocument, Hashable {
    package var tenant: TenantID
    package var from: String
    package var to: String
    /// ISO 4217.
    package var currency: String
    /// Version of what f multiplies.
    package var rulesVersion: Int
    /// In nano-units of the currency, like all that is named so.
    package var totalNano: Quantity
    package var items: [Line]
    package var unbilled: [UnbilledDocument]
    package var fixedSize: FixedSize
    /// The lines have no details, since the answer would be too long with them; `nil`: they have.
    package var detailsLeftOut: Bool?
    /// C_k term by term, for people.
    package var text: String

    package init(
        tenant: TenantID, from: String, to: String, currency: String, rulesVersion: Int, totalNano: Quantity,
        items: [Line], unbilled: [UnbilledDocument], fixedSize: FixedSize, detailsLeftOut: Bool? = nil, text: String
    ) {
        (self.tenant, self.from, self.to) = (tenant, from, to)
        self.currency = currency
        self.rulesVersion = rulesVersion
        self.totalNano = totalNano
        self.items = items
        self.unbilled = unbilled
        self.fixedSize = fixedSize
        self.detailsLeftOut = detailsLeftOut
        self.text = text
    }
}

extension BillDocument {
    /// One C · X · f.
    package struct Line: Codable, Hashable, Sendable {
        /// The VM's name.
        package var vm: String
        package var domain: DomainID
        /// What was used, such as `vcpu`.
        package var resource: String
        package var part: Recognised<LinePart>
        /// Where all of it was used on one host; the details have it in any case.
        package var host: HostID?
        /// X, in the unit.
        package var quantity: Quantity
        /// A `MeteredUnit`, of the details as well: `mvCPU·ns` where the size of any detail is not whole.
        package var unit: String
        /// C, for one pricing unit.
        package var unitPriceNano: Quantity
        package var pricingUnit: String
        /// f, in parts per million.
        package var factorPpm: Int64
        package var amountNano: Quantity
        package var details: [Detail]

        package init(
            vm: String, domain: DomainID, resource: String, part: LinePart, host: HostID?, quantity: Quantity,
            unit: String, unitPriceNano: Quantity, pricingUnit: String, factorPpm: Int64, amountNano: Quantity,
            details: [Detail]
        ) {
            (self.vm, self.domain, self.host) = (vm, domain, host)
            (self.resource, self.part) = (resource, .known(part))
            (self.quantity, self.unit) = (quantity, unit)
            (self.unitPriceNano, self.pricingUnit) = (unitPriceNano, pricingUnit)
            self.factorPpm = factorPpm
            self.amountNano = amountNano
            self.details = details
        }
    }

    /// A part of X, unrounded.
    package struct Detail: Codable, Hashable, Sendable {
        package var host: HostID
        package var from: String
        package var to: String
        /// In the line's unit.
        package var quantity: Quantity
        /// vCPUs or bytes of this part; `nil` for counters, and where the line's unit is `mvCPU·ns`.
        package var size: Int64?
        /// Thousandths of a vCPU of this part where the line's unit is `mvCPU·ns`, else `nil`.
        package var capacity: Capacity?
        /// Zero without a subscription.
        package var policyVersion: Int64
        package var rateCardVersion: Int64

        package init(
            host: HostID, from: String, to: String, quantity: Quantity, size: Int64?, capacity: Capacity? = nil,
            policyVersion: Int64, rateCardVersion: Int64
        ) {
            (self.host, self.from, self.to) = (host, from, to)
            self.quantity = quantity
            (self.size, self.capacity) = (size, capacity)
            self.policyVersion = policyVersion
            self.rateCardVersion = rateCardVersion
        }
    }

    /// What the same use would have cost had each VM kept the size of CPU that it first ran with, and f been 1.
    package struct FixedSize: Codable, Hashable, Sendable {
        package struct Item: Codable, Hashable, Sendable {
            /// The VM's name.
            package var vm: String
            /// `nil` where that size is not whole. Without `capacity` either, it never ran.
            package var vcpus: Int?
            /// Thousandths of a vCPU where that size is not whole, else `nil`.
            package var capacity: Capacity?
            package var totalNano: Quantity

            /// - Parameter size: `nil`: it never ran.
            package init(vm: String, size: Capacity?, totalNano: Quantity) {
                (self.vm, self.totalNano) = (vm, totalNano)
                if let size, size.isWhole { vcpus = size.vcpus.count } else { capacity = size }
            }
        }

        package var items: [Item]
        package var totalNano: Quantity
        /// Fixed less elastic: negative if elasticity cost more.
        package var savedNano: Quantity

        package init(items: [Item], totalNano: Quantity, savedNano: Quantity) {
            (self.items, self.totalNano, self.savedNano) = (items, totalNano, savedNano)
        }
    }
}

/// A time of which nothing is known, and which is therefore not billed.
package struct UnbilledDocument: Codable, Hashable, Sendable {
    /// The VM's name.
    package var vm: String
    package var domain: DomainID
    package var from: String
    package var to: String

    package init(vm: String, domain: DomainID, from: String, to: String) {
        (self.vm, self.domain, self.from, self.to) = (vm, domain, from, to)
    }
}
