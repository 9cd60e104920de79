// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Glibc
internal import ResourceModel

/// Who a libvirt domain is.
struct DomainIdentity: Hashable, Sendable {
    var domain: DomainID
    /// The name that libvirt knows it by.
    var name: String
    /// `nil` if it does not run.
    var hypervisorID: Int64?

    init(domain: DomainID, name: String, hypervisorID: Int64?) {
        self.domain = domain
        self.name = name
        self.hypervisorID = hypervisorID
    }

    /// All of it is kept on this side of the connection; `nil` only if the pointer is not a domain's.
    init?(_ pointer: virDomainPtr) {
        var bytes = [UInt8](repeating: 0, count: Int(VIR_UUID_BUFLEN))
        guard unsafe virDomainGetUUID(pointer, &bytes) == 0, let uuid = UUID128(bytes: bytes),
            let name = unsafe virDomainGetName(pointer)
        else { return nil }
        let identifier = unsafe virDomainGetID(pointer)
        let isRunning = identifier != UInt32.max
        self.init(
            domain: DomainID(uuid), name: unsafe String(cString: name),
            hypervisorID: isRunning ? Int64(identifier) : nil)
    }
}

/// `virDomainGetInfo`'s answer.
struct DomainInformation: Hashable, Sendable {
    var state: Int64
    var maximumKibibytes: Int64
    var currentKibibytes: Int64
    var vcpus: Int64
    var cpuTimeNanoseconds: Int64
}

/// One entry of `virDomainGetVcpus`' answer.
struct VCPUInformation: Hashable, Sendable {
    var number: Int64
    var state: Int64
    var timeNanoseconds: Int64
}

/// One domain's statistics under the names of libvirt's bulk call (`cpu.time`, `vcpu.0.time`, `balloon.current` in
/// KiB, …), whichever call they came from. What the driver did not tell is absent.
struct DomainStatistics: Hashable, Sendable {
    var identity: DomainIdentity
    var values: [String: Int64]
    /// Names of devices: `net.0.name`, `block.0.name`.
    var names: [String: String]

    init(identity: DomainIdentity, values: [String: Int64], names: [String: String] = [:]) {
        self.identity = identity
        self.values = values
        self.names = names
    }

    init?(_ record: virDomainStatsRecord) {
        guard let pointer = unsafe record.dom, let identity = unsafe DomainIdentity(pointer) else { return nil }
        var (values, names): ([String: Int64], [String: String]) = ([:], [:])
        for index in unsafe 0..<Int(record.nparams) {
            let parameter = unsafe record.params[index]
            if let value = unsafe parameter.number {
                unsafe values[text(of: parameter.field)] = value
            } else if let value = unsafe parameter.text {
                let field = unsafe text(of: parameter.field)
                if field.hasSuffix(".name") { names[field] = value }
            }
        }
        self.init(identity: identity, values: values, names: names)
    }

    /// The statistics of a domain that is off: they come from its definition, if that is known.
    init(off identity: DomainIdentity, _ definition: DefinedDomain?) {
        self.init(identity: identity, values: ["state.state": Int64(VIR_DOMAIN_SHUTOFF.rawValue)])
        guard let definition else { return }
        values["vcpu.current"] = Int64(definition.startVCPUs.count)
        values["vcpu.maximum"] = Int64(definition.maximumVCPUs.count)
        values["balloon.current"] = definition.startMemory.bytes / 1_024
        values["balloon.maximum"] = definition.maximumMemory.bytes / 1_024
    }

    subscript(name: String) -> Int64? { values[name] }
}

/// Domains listed by one call; each is borrowed by its position and all are freed together.
@safe struct DomainList: ~Copyable {
    private let list: UnsafeMutablePointer<virDomainPtr?>
    let count: Int

    init(adopting list: UnsafeMutablePointer<virDomainPtr?>, count: Int) {
        unsafe self.list = list
        self.count = count
    }

    deinit {
        for index in 0..<count {
            if let domain = unsafe list[index] { _ = unsafe virDomainFree(domain) }
        }
        unsafe free(list)
    }

    /// A handle of its own for the domain at `index`.
    borrowing func handle(at index: Int) -> DomainHandle? {
        guard index < count, let domain = unsafe list[index], unsafe virDomainRef(domain) == 0 else { return nil }
        return unsafe DomainHandle(adopting: domain)
    }

    borrowing func identities() -> [DomainIdentity] {
        (0..<count).compactMap { unsafe list[$0].flatMap { unsafe DomainIdentity($0) } }
    }
}

extension virTypedParameter {
    /// The value as an integer; `nil` for text and fractions, which Ebb does not read.
    var number: Int64? {
        switch unsafe virTypedParameterType(UInt32(bitPattern: type)) {
        case VIR_TYPED_PARAM_INT: unsafe Int64(value.i)
        case VIR_TYPED_PARAM_UINT: unsafe Int64(value.ui)
        case VIR_TYPED_PARAM_LLONG: unsafe value.l
        case VIR_TYPED_PARAM_ULLONG: unsafe Int64(clamping: value.ul)
        case VIR_TYPED_PARAM_BOOLEAN: unsafe Int64(value.b)
        default: nil
        }
    }

    /// The value as text; `nil` for every other kind.
    fileprivate var text: String? {
        guard unsafe virTypedParameterType(UInt32(bitPattern: type)) == VIR_TYPED_PARAM_STRING,
            let characters = unsafe value.s
        else { return nil }
        return unsafe String(cString: characters)
    }
}

/// The text in a C array of characters, up to its first zero.
func text<Characters>(of characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Gives back a list that libvirt allocated for the caller; what it points to is given back on its own.
func freeList<Element>(_ list: UnsafeMutablePointer<Element>) { unsafe free(list) }

extension UnsafeMutablePointer<CChar> {
    /// Gives back what libvirt allocated for the caller.
    func deallocateByC() { unsafe free(self) }
}
