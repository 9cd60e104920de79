// SPDX-License-Identifier: Apache-2.0

/// Why TLS can't be spoken.
package struct TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    #if !TLS
        /// What every use says in a build without TLS.
        static let leftOut = TLSFailure(
            description: "this build is for the demo and has no TLS; 'make build' makes a whole one")
    #endif
}
