// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension BoundedQuantity {
    /// A number from a request; throws `invalid` with the field's name if it is out of bounds.
    package init(_ amount: some BinaryInteger, field: String) throws(CommandFailure) {
        guard let value = Self(exactly: amount) else {
            throw .invalid(
                "\(field) must be from \(Self.bounds.lowerBound) to \(Self.bounds.upperBound), not \(amount)")
        }
        self = value
    }
}
