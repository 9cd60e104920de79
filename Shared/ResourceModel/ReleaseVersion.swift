// SPDX-License-Identifier: Apache-2.0

/// The version of Ebb, one for all its programs: what `--version`, `/version`, `session.hello` and `service list` show.
///
/// `docs/versions.md` says what a step of it promises; `CHANGELOG.md` what it brought.
package enum ReleaseVersion {
    package static let text = "0.2.0"
}
