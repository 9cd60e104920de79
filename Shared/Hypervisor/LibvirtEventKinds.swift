// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

/// The events that Ebb listens to, each with the callback that libvirt wants for it.
extension EventBox {
    @safe struct Kind {
        let name: String
        let event: virDomainEventID
        let callback: virConnectDomainEventGenericCallback

        /// - Parameter callback: of the type that libvirt documents for `event`; it is passed on as a generic one.
        fileprivate init<Callback>(_ name: String, _ event: virDomainEventID, _ callback: Callback) {
            self.name = name
            self.event = event
            unsafe self.callback = unsafeBitCast(callback, to: virConnectDomainEventGenericCallback.self)
        }
    }

    static var kinds: [Kind] {
        unsafe [
            Kind("lifecycle", VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle),
            Kind("reboot", VIR_DOMAIN_EVENT_ID_REBOOT, reboot),
            Kind("job", VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, jobCompleted),
            Kind("agent", VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, agent),
            Kind("memory", VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, balloon),
            Kind("tuning", VIR_DOMAIN_EVENT_ID_TUNABLE, tunable),
            Kind("device", VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, deviceAdded),
            Kind("device", VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, deviceRemoved),
            Kind("metadata", VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, metadata),
        ]
    }

    private typealias Context = UnsafeMutableRawPointer

    private static let lifecycle: @convention(c) (virConnectPtr?, virDomainPtr?, Int32, Int32, Context?) -> Int32 = {
        _, domain, event, detail, context in
        guard let subject = unsafe subject(domain, context) else { return 0 }
        let (state, text) = lifecycleMeaning(event: event, detail: detail)
        subject.box.publish(.lifecycle(subject.domain, state, detail: text))
        return 0
    }

    private static let reboot: @convention(c) (virConnectPtr?, virDomainPtr?, Context?) -> Void = {
        _, domain, context in
        guard let subject = unsafe subject(domain, context) else { return }
        subject.box.publish(.rebooted(subject.domain))
    }

    private static let jobCompleted:
        @convention(c) (virConnectPtr?, virDomainPtr?, virTypedParameterPtr?, Int32, Context?) -> Void = {
            _, domain, parameters, count, context in
            guard let subject = unsafe subject(domain, context) else { return }
            let values = unsafe integers(parameters, count)
            subject.box.publish(.jobCompleted(subject.domain, detail: jobMeaning(values)))
        }

    private static let agent: @convention(c) (virConnectPtr?, virDomainPtr?, Int32, Int32, Context?) -> Void = {
        _, domain, state, _, context in
        guard let subject = unsafe subject(domain, context) else { return }
        let isConnected =
            UInt32(bitPattern: state) == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED.rawValue
        subject.box.publish(.agent(subject.domain, isConnected: isConnected))
    }

    private static let balloon: @convention(c) (virConnectPtr?, virDomainPtr?, UInt64, Context?) -> Void = {
        _, domain, kibibytes, context in
        guard let subject = unsafe subject(domain, context) else { return }
        subject.box.publish(.memoryChanged(subject.domain, .kibibytes(Int64(clamping: kibibytes))))
    }

    private static let tunable:
        @convention(c) (virConnectPtr?, virDomainPtr?, virTypedParameterPtr?, Int32, Context?) -> Void = {
            _, domain, _, _, context in
            guard let subject = unsafe subject(domain, context) else { return }
            subject.box.publish(.reconfigured(subject.domain, detail: "a limit"))
        }

    private static let deviceAdded:
        @convention(c) (virConnectPtr?, virDomainPtr?, UnsafePointer<CChar>?, Context?) -> Void = {
            _, domain, alias, context in
            guard let subject = unsafe subject(domain, context) else { return }
            let name = unsafe alias.map { unsafe String(cString: $0) } ?? "a device"
            subject.box.publish(.reconfigured(subject.domain, detail: "\(name) was plugged"))
        }

    private static let deviceRemoved:
        @convention(c) (virConnectPtr?, virDomainPtr?, UnsafePointer<CChar>?, Context?) -> Void = {
            _, domain, alias, context in
            guard let subject = unsafe subject(domain, context) else { return }
            let name = unsafe alias.map { unsafe String(cString: $0) } ?? "a device"
            subject.box.publish(.reconfigured(subject.domain, detail: "\(name) was unplugged"))
        }

    private static let metadata:
        @convention(c) (virConnectPtr?, virDomainPtr?, Int32, UnsafePointer<CChar>?, Context?) -> Void = {
            _, domain, _, _, context in
            guard let subject = unsafe subject(domain, context) else { return }
            subject.box.publish(.reconfigured(subject.domain, detail: "its labels"))
        }

    /// Lent by libvirt for the time of the callback.
    private static func integers(_ parameters: virTypedParameterPtr?, _ count: Int32) -> [String: Int64] {
        guard let parameters = unsafe parameters else { return [:] }
        var values: [String: Int64] = [:]
        for index in 0..<Int(count) {
            if let value = unsafe parameters[index].number { unsafe values[text(of: parameters[index].field)] = value }
        }
        return values
    }
}

/// Which job ended, in one or two words.
func jobMeaning(_ values: [String: Int64]) -> String {
    switch values[VIR_DOMAIN_JOB_OPERATION].map({ virDomainJobOperation(UInt32(clamping: $0)) }) {
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT?: "migration away"
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN?: "migration here"
    case VIR_DOMAIN_JOB_OPERATION_SAVE?: "save"
    case VIR_DOMAIN_JOB_OPERATION_RESTORE?: "restore"
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT?: "snapshot"
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT?: "revert"
    default: "job"
    }
}

/// The state after a libvirt lifecycle event, and what happened in one or two words.
func lifecycleMeaning(event: Int32, detail: Int32) -> (state: DomainState, detail: String) {
    switch virDomainEventType(UInt32(bitPattern: event)) {
    case VIR_DOMAIN_EVENT_DEFINED: (.unknown, "defined")
    case VIR_DOMAIN_EVENT_UNDEFINED: (.unknown, "undefined")
    case VIR_DOMAIN_EVENT_STARTED:
        switch virDomainEventStartedDetailType(UInt32(bitPattern: detail)) {
        case VIR_DOMAIN_EVENT_STARTED_MIGRATED: (.running, "migrated here")
        case VIR_DOMAIN_EVENT_STARTED_RESTORED: (.running, "restored")
        default: (.running, "started")
        }
    case VIR_DOMAIN_EVENT_SUSPENDED: (.paused, "suspended")
    case VIR_DOMAIN_EVENT_RESUMED: (.running, "resumed")
    case VIR_DOMAIN_EVENT_SHUTDOWN: (.shuttingDown, "shutting down")
    case VIR_DOMAIN_EVENT_CRASHED: (.crashed, "crashed")
    case VIR_DOMAIN_EVENT_PMSUSPENDED: (.pmSuspended, "suspended by the guest")
    case VIR_DOMAIN_EVENT_STOPPED:
        switch virDomainEventStoppedDetailType(UInt32(bitPattern: detail)) {
        case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN: (.shutoff, "shut down")
        case VIR_DOMAIN_EVENT_STOPPED_DESTROYED: (.shutoff, "destroyed")
        case VIR_DOMAIN_EVENT_STOPPED_CRASHED: (.shutoff, "crashed")
        case VIR_DOMAIN_EVENT_STOPPED_MIGRATED: (.unknown, "migrated away")
        case VIR_DOMAIN_EVENT_STOPPED_SAVED: (.saved, "saved")
        case VIR_DOMAIN_EVENT_STOPPED_FAILED: (.shutoff, "failed")
        default: (.shutoff, "stopped")
        }
    default: (.unknown, "event \(event)")
    }
}
