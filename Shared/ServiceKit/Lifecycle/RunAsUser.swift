// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Gives up root for good.
enum RunAsUser {
    static var isRoot: Bool { geteuid() == 0 || getuid() == 0 }

    /// Makes the whole process, with all its threads, run as the user.
    ///
    /// - Parameter key: the setting that names the user, for the errors.
    /// - Throws: `configuration` if there is no such user, or if the user is root.
    static func become(_ name: String, by key: String) throws(StartupError) {
        guard let user = unsafe getpwnam(name) else {
            throw .configuration(
                "\(key): there is no user '\(name)' to run as; make one (useradd --system \(name)) or name another")
        }
        let (uid, gid) = unsafe (user.pointee.pw_uid, user.pointee.pw_gid)
        guard uid != 0 else { throw .configuration("\(key): '\(name)' is root; name a user without its rights") }
        let home = unsafe String(cString: user.pointee.pw_dir)
        guard unsafe initgroups(name, gid) == 0, setgid(gid) == 0, setuid(uid) == 0 else {
            throw .notPermitted("\(key): this process may not become '\(name)' (error \(errno))")
        }
        guard setuid(0) != 0, geteuid() == uid else {
            throw .notPermitted("\(key): root's rights came back after they were given up")
        }
        // libvirt looks for a user's own keys there.
        unsafe setenv("HOME", home, 1)
    }
}
