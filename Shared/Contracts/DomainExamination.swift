// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The answer to `vm.check`: what a domain can do live, and what is missing where it can't.
package struct DomainExamination: JSONDocument, Hashable {
    package struct Ability: Hashable, Sendable, Codable {
        /// Each one sentence with its remedy; empty if nothing is missing.
        package let missing: [String]
        /// Whether the answer has this ability: an answer of another version may not.
        package let isKnown: Bool
        package var isPossible: Bool { isKnown && missing.isEmpty }

        package init(missing: [String]) {
            self.missing = missing
            isKnown = true
        }

        private init() {
            missing = []
            isKnown = false
        }

        fileprivate static let unknown = Ability()

        private enum CodingKeys: CodingKey { case missing }

        package init(from decoder: any Decoder) throws {
            let missing = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
                [String].self, forKey: .missing)
            self = missing.map(Ability.init(missing:)) ?? .unknown
        }
    }

    package let growsVCPUs: Ability
    package let shrinksVCPUs: Ability
    package let resizesMemory: Ability
    package let movesLive: Ability
    package let capsCPU: Ability
    package let capsNetwork: Ability
    /// Whether a guest agent answers.
    package let confirmsSizes: Ability
    /// Whether it can go to another host while it is off.
    package var movesOff: Ability?
    package var isActive: Bool?
    /// What it needs of a host that it moves to; `nil`: the driver does not say.
    package var needs: DomainNeeds?

    package init(
        growsVCPUs: Ability, shrinksVCPUs: Ability, resizesMemory: Ability, movesLive: Ability, capsCPU: Ability,
        capsNetwork: Ability, confirmsSizes: Ability, needs: DomainNeeds? = nil
    ) {
        self.needs = needs
        self.growsVCPUs = growsVCPUs
        self.shrinksVCPUs = shrinksVCPUs
        self.resizesMemory = resizesMemory
        self.movesLive = movesLive
        self.capsCPU = capsCPU
        self.capsNetwork = capsNetwork
        self.confirmsSizes = confirmsSizes
    }

    /// What an answer of another version does not say is not known.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let ability = { (key: CodingKeys) in try container.decodeIfPresent(Ability.self, forKey: key) }
        growsVCPUs = try ability(.growsVCPUs) ?? .unknown
        shrinksVCPUs = try ability(.shrinksVCPUs) ?? .unknown
        resizesMemory = try ability(.resizesMemory) ?? .unknown
        movesLive = try ability(.movesLive) ?? .unknown
        capsCPU = try ability(.capsCPU) ?? .unknown
        capsNetwork = try ability(.capsNetwork) ?? .unknown
        confirmsSizes = try ability(.confirmsSizes) ?? .unknown
        movesOff = try ability(.movesOff)
        isActive = try container.decodeIfPresent(Bool.self, forKey: .isActive)
        needs = try container.decodeIfPresent(DomainNeeds.self, forKey: .needs)
    }
}
