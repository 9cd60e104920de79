// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Foundation
package import ResourceModel

extension AccessToken {
    /// SHA-256 of the whole text: what `account.token.hash` holds.
    package var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}
