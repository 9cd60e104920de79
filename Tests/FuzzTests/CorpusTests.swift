// SPDX-License-Identifier: Apache-2.0

#if !FUZZING
    import BillingCore
    import FleetModel
    import Foundation
    import Messages
    import ResourceModel
    import Testing

    /// Inputs that libFuzzer begins with, and those that it found: `Corpus/<target>/`. `EBB_WRITE_FIXTURES=1` writes the
    /// first anew.
    @Suite("Corpus of libFuzzer")
    struct CorpusTests {
        private static var folder: URL {
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
        }

        @Test("every input that was ever found is answered or refused", arguments: FuzzTarget.allCases)
        func replay(target: FuzzTarget) throws {
            let folder = Self.folder.appending(path: target.rawValue)
            if ProcessInfo.processInfo.environment["EBB_WRITE_FIXTURES"] == "1" {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                for (number, bytes) in try target.beginnings().enumerated() {
                    try Data(bytes).write(to: folder.appending(path: "begin-\(number)"))
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(!names.isEmpty, "\(target.rawValue) has no input")
            for name in names {
                print("fuzz: \(target.rawValue)/\(name)")
                target.take([UInt8](try Data(contentsOf: folder.appending(path: name))))
            }
        }
    }

    extension FuzzTarget {
        /// What is worth changing byte by byte.
        fileprivate func beginnings() throws -> [[UInt8]] {
            switch self {
            case .line:
                [
                    #"{"jsonrpc":"2.0","id":7,"method":"vm.create","params":{"name":"web-1","vcpus":2,"memoryBytes":536870912,"maxMemoryBytes":9223372036854775807}}"#,
                    #"[{"jsonrpc":"2.0","id":"a","method":"policy.set","params":{"vm":"web-1","ratioPpm":700000,"maxVcpus":8}}]"#,
                    #"{"jsonrpc":"2.0","id":1,"result":{"items":[{"name":"a","at":"2026-03-01T12:00:00Z"}]}}"#,
                ].map { Array($0.utf8) }
            case .text:
                [
                    "2026-03-01T12:00:00.5+01:30", "qemu+tls://root@[fd00::1]:16514/system?pkipath=/etc",
                    "fleet://h:7400/h-1",
                ]
                .map { Array($0.utf8) }
            case .report: [try HostReport.encoded(Self.sample)]
            case .envelope:
                [
                    Envelope(
                        type: .hostReport, messageID: UUID128(high: 1, low: 2),
                        source: InstanceID(UUID128(high: 3, low: 4)), sentAt: .zero
                    ).encoded()
                ]
            case .definition:
                [
                    "<domain type='kvm' id='7'><name>a</name><uuid>6f1d0c4e-2b7a-4c11-9a3f-0102030405ff</uuid><memory unit='KiB'>2097152</memory><vcpu current='1'>4</vcpu><cputune><global_period>50000</global_period><global_quota>25000</global_quota></cputune><devices><disk type='file'><source file='/a'/><target dev='vda'/></disk></devices></domain>",
                    "<capabilities><host><uuid>6f1d0c4e-2b7a-4c11-9a3f-010203040506</uuid><cpu><arch>x86_64</arch><model>EPYC</model><topology sockets='1' cores='4' threads='2'/></cpu></host></capabilities>",
                ].map { Array($0.utf8) }
            case .record:
                [Array(#"{"id":"00000000-0000-0000-0000-000000000001","inputs":{},"finding":{}}"#.utf8)] + records
            case .policy:
                [
                    Array(
                        #"{"domain":"00000000-0000-0000-0000-000000000001","version":1,"validFrom":0,"windowLength":10,"policy":{"lower":150000,"upper":800000,"ratio":700000,"minimumVCPUs":1,"maximumVCPUs":8}}"#
                            .utf8),
                    Array(#"[{"startSecond":28800,"lengthSeconds":3600,"weekdays":[0,6]}]"#.utf8),
                ]
            case .figures, .bill, .log:
                [Array(repeating: [1, 8, 127, 255, 255, 255, 255, 255, 255, 255], count: 20).flatMap { $0 }]
            case .fleet:
                [
                    [UInt8](
                        try JSONEncoder().encode(
                            FleetConfiguration(hosts: [HostConfiguration(id: "h", cores: 4, memory: .gibibytes(4))])))
                ]
            }
        }

        private var records: [[UInt8]] {
            let folder = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../SchedulerCoreTests/Fixtures/records-2").standardizedFileURL
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []
            return names.prefix(2).compactMap { try? [UInt8](Data(contentsOf: folder.appending(path: $0))) }
        }

        private static var sample: HostSample {
            HostSample(
                host: "h", sampledAt: Timestamp(nanoseconds: 1_800_000_000_000_000_000),
                intervalNanoseconds: 5_000_000_000,
                figures: HostFigures(cpuCount: 4, memory: .gibibytes(8), cpuUtilization: Utilization(percent: 50)),
                domains: (0..<2).map { number in
                    DomainSample(
                        domain: DomainID(UUID128(high: 0, low: UInt64(number))), state: .running,
                        vcpus: VCPUSizes(maximum: 8, granted: 2),
                        memory: DomainMemory(maximum: .gibibytes(1), used: .mebibytes(512)),
                        cpuUtilization: Utilization(percent: 90), networkBytesPerSecond: 1_000)
                })
        }
    }
#endif
