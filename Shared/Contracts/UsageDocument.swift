// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The answer to `usage.show`: what a tenant used in a period. See `BillDocument` for instants.
package struct UsageDocument: JSONDocument, Hashable {
    /// What was used of one resource by one VM on one host.
    package struct Item: Codable, Hashable, Sendable {
        /// The VM's name.
        package var vm: String
        package var domain: DomainID
        /// Such as `vcpu`.
        package var resource: String
        package var host: HostID
        package var quantity: Quantity
        /// A `MeteredUnit`: `mvCPU·ns` where any size that the use is of is not whole.
        package var unit: String

        package init(
            vm: String, domain: DomainID, resource: String, host: HostID, quantity: Quantity, unit: String
        ) {
            (self.vm, self.domain, self.host) = (vm, domain, host)
            (self.resource, self.quantity, self.unit) = (resource, quantity, unit)
        }
    }

    package var tenant: TenantID
    package var from: String
    package var to: String
    package var items: [Item]
    package var unbilled: [UnbilledDocument]
    /// A line for each item, for people.
    package var text: String

    package init(tenant: TenantID, from: String, to: String, items: [Item], unbilled: [UnbilledDocument]) {
        (self.tenant, self.from, self.to) = (tenant, from, to)
        self.items = items
        self.unbilled = unbilled
        text = items.map(BillText.use).joined(separator: "\n")
    }
}

/// The answer to `bill.comparerules`: what the same use costs by the rules before and by the present ones, in nano-units.
package struct RulesComparisonDocument: JSONDocument, Hashable {
    package var tenant: TenantID
    package var from: String
    package var to: String
    /// ISO 4217.
    package var currency: String
    package var formerRules: Int
    package var presentRules: Int
    package var formerNano: Quantity
    package var presentNano: Quantity
    /// What the present rules add; negative: they are cheaper.
    package var differenceNano: Quantity

    package init(
        tenant: TenantID, from: String, to: String, currency: String, formerRules: Int, presentRules: Int,
        formerNano: Quantity, presentNano: Quantity, differenceNano: Quantity
    ) {
        (self.tenant, self.from, self.to) = (tenant, from, to)
        self.currency = currency
        (self.formerRules, self.presentRules) = (formerRules, presentRules)
        (self.formerNano, self.presentNano) = (formerNano, presentNano)
        self.differenceNano = differenceNano
    }
}
