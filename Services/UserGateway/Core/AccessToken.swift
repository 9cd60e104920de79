// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
package import ResourceModel

extension AccessToken {
    /// SHA-256 of the whole text, as stored in `account.token.hash`.
    package var hash: [UInt8] { SHA256.hash(text) }
}
