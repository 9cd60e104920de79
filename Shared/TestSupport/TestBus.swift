// SPDX-License-Identifier: Apache-2.0

package import Bus

/// One key pair for all buses of a test process: a bus always lets its own key in, so that they reach each other by CURVE
/// without a list of who may.
package enum TestKeys {
    package static let pair: CurveKeyPair = {
        guard let pair = CurveKeyPair(secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs") else {
            preconditionFailure("the tests' CURVE key is not valid")
        }
        return pair
    }()
}
