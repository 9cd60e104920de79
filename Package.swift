// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Settings of every target: Swift 6 mode, warnings are errors, every import shows what it re-exposes.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Values that every sample passes through: other modules inline and specialise them. The
/// compiler does this by itself for what is public only, and nothing here is.
let inlined = strict + [.unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release))]

/// Targets that touch C: every unsafe expression says so.
let edge = strict + [.strictMemorySafety()]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOExtras", package: "swift-nio-extras"),
    .product(name: "NIOTLS", package: "swift-nio"),
    "TLS",
]

/// `EBB_BUILD=demo` leaves out what the demo does not run: tests, benchmarks, and TLS, which is half of the compiler's
/// work. Everything that it builds is reused by a whole build, apart from the target TLS. A trait could not do that: it is
/// a compilation condition of every target of a package, so that each would be compiled again.
let isForDemo = Context.environment["EBB_BUILD"] == "demo"

/// What every service's `Main` composes.
let serviceEdges: [Target.Dependency] = [
    "ResourceModel", "Contracts", "Messages", "Bus", "Store", "ServiceKit", log, coreMetrics, metrics, lifecycle,
    arguments,
    protobuf,
]

func shared(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource] = [], settings: [SwiftSetting] = strict
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(path ?? name)",
        exclude: exclude + (path == nil ? ["README.md"] : []),
        resources: resources, swiftSettings: settings)
}

/// The one target that knows what speaks TLS.
func tls() -> Target {
    let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
    let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
    return isForDemo ? shared("TLS", [nioCore]) : shared("TLS", [nioCore, nioSSL], settings: strict + [.define("TLS")])
}

func core(_ service: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(
        name: "\(service)Core", dependencies: ["ResourceModel", "Contracts"] + dependencies,
        path: "Services/\(service)/Core",
        resources: resources, swiftSettings: strict)
}

func main(
    _ name: String, path: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)", exclude: exclude,
        swiftSettings: strict)
}

let package = Package(
    name: "ebb",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "ebb-monitor", targets: ["MonitorMain"]),
        .executable(name: "ebb-scheduler", targets: ["SchedulerMain"]),
        .executable(name: "ebb-billing", targets: ["BillingMain"]),
        .executable(name: "ebb-logger", targets: ["LoggerMain"]),
        .executable(name: "ebb-usergateway", targets: ["UserGatewayMain"]),
        .executable(name: "ebb", targets: ["Client"]),
        .executable(name: "ebb-fleet", targets: ["FleetMain"]),
        .executable(name: "ebb-migrate", targets: ["MigrateMain"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/CoreOffice/XMLCoder.git", from: "0.18.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // C libraries: module maps only.
        .systemLibrary(
            name: "CLibvirt", path: "Shared/CLibvirt", pkgConfig: "libvirt", providers: [.apt(["libvirt-dev"])]),
        .systemLibrary(
            name: "CZeroMQ", path: "Shared/CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CLibPQ", path: "Shared/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CSodium", path: "Shared/CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),

        // Shared edges and values.
        shared("ResourceModel", settings: inlined),
        shared("Contracts", ["ResourceModel"]),
        shared("Messages", ["ResourceModel", "Contracts", protobuf], exclude: ["Proto"]),
        shared("Execution", settings: edge),
        shared("Cryptography", ["CSodium"], settings: edge),
        tls(),
        shared(
            "Bus",
            [
                "ResourceModel", "Contracts", "Messages", "Execution", "CZeroMQ", protobuf, log,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ], settings: edge),
        shared(
            "Store", ["ResourceModel", "Contracts", "Execution", "Cryptography", "CLibPQ", log],
            resources: [.embedInCode("Migrations")], settings: edge),
        shared(
            "Hypervisor",
            [
                "ResourceModel", "Contracts", "Messages", "Execution", "Bus", "CLibvirt", log, protobuf,
                .product(name: "XMLCoder", package: "XMLCoder"),
            ],
            settings: edge),
        shared("FleetModel", path: "Fleet/Model", ["ResourceModel"]),
        shared(
            "ServiceKit",
            [
                "ResourceModel", "Contracts", "Messages", "Bus", "Store", log, lifecycle, arguments, protobuf,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                coreMetrics, yams, .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], settings: edge),

        main(
            "FleetMain", path: "Shared/Fleet/Server",
            [
                "FleetModel", "ResourceModel", "Contracts", "Messages", "Bus", "Execution", "ServiceKit", log,
                lifecycle, arguments,
                protobuf, .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        main(
            "MigrateMain", path: "Shared/Migrate", ["ResourceModel", "Contracts", "Store", log, arguments],
            exclude: ["README.md"]),

        // The five services and the client.
        core("Monitor"),
        core("Scheduler"),
        core("Billing"),
        core("Logger"),
        core("UserGateway", ["Cryptography"], resources: [.embedInCode("Hosts/prepare.sh")]),
        main("MonitorMain", path: "Services/Monitor/Main", ["MonitorCore", "Hypervisor", "Execution"] + serviceEdges),
        main("SchedulerMain", path: "Services/Scheduler/Main", ["SchedulerCore"] + serviceEdges),
        main("BillingMain", path: "Services/Billing/Main", ["BillingCore", yams] + serviceEdges),
        main("LoggerMain", path: "Services/Logger/Main", ["LoggerCore"] + serviceEdges),
        main(
            "UserGatewayMain", path: "Services/UserGateway/Main",
            ["UserGatewayCore", "Cryptography", "Execution"] + serviceEdges + nio),
        main(
            "Client", path: "Services/UserGateway/Client",
            ["ResourceModel", "Contracts", "UserGatewayCore", arguments, yams] + nio),

    ] + (isForDemo ? [] : proofs)
)

/// Tests and benchmarks.
var proofs: [Target] {
    [
        shared("TestSupport", ["ResourceModel", "Store", "Bus", log], settings: edge),
        tests("ResourceModelTests", ["ResourceModel"]),
        tests("ContractsTests", ["Contracts", "ResourceModel"]),
        tests("MessagesTests", ["Contracts", "Messages", "ResourceModel", protobuf], exclude: ["Fixtures"]),
        tests("ExecutionTests", ["Execution"]),
        tests("CryptographyTests", ["Cryptography"]),
        tests("BusTests", ["Contracts", "Bus", "Messages", "ResourceModel", protobuf, log]),
        tests("StoreTests", ["Contracts", "Store", "MigrateMain", "ResourceModel", "Cryptography", log]),
        tests("HypervisorTests", ["Contracts", "Execution", "Hypervisor", "ResourceModel", "Bus", "Messages", log]),
        tests(
            "FleetTests",
            [
                "Contracts", "FleetModel", "FleetMain", "ResourceModel", "Hypervisor", "Bus", "Messages", arguments,
                protobuf,
            ]),
        tests("ServiceKitTests", ["ServiceKit", "ResourceModel", "Bus", "Store", log, coreMetrics]),
        tests("MonitorCoreTests", ["Contracts", "MonitorCore", "ResourceModel"]),
        tests("SimulationTests", ["Contracts", "SchedulerCore", "FleetModel", "ResourceModel"]),
        tests("SchedulerCoreTests", ["Contracts", "SchedulerCore", "ResourceModel"], exclude: ["Fixtures"]),
        tests("BillingCoreTests", ["Contracts", "BillingCore", "ResourceModel"]),
        tests("LoggerCoreTests", ["Contracts", "LoggerCore", "ResourceModel"]),
        tests("UserGatewayCoreTests", ["Contracts", "UserGatewayCore", "ResourceModel"]),
        tests(
            "ClientTests",
            ["Contracts", "Client", "UserGatewayMain", "UserGatewayCore", "ResourceModel", log, lifecycle] + nio),
        tests(
            "UserGatewayTests",
            [
                "Contracts", "UserGatewayMain", "UserGatewayCore", "ResourceModel", "Messages", "Bus", "Store",
                "ServiceKit",
                "Cryptography", log,
                protobuf,
            ] + nio),
        tests(
            "IntegrationTests",
            [
                "MonitorMain", "SchedulerMain", "BillingMain", "LoggerMain", "UserGatewayMain", "BillingCore",
                "LoggerCore", "SchedulerCore", "FleetMain", "FleetModel", "Hypervisor", "MonitorCore",
            ] + serviceEdges),
        tests(
            "UpgradeTests",
            [
                "MonitorMain", "SchedulerMain", "BillingMain", "BillingCore", "UserGatewayCore", "FleetMain",
                "FleetModel", "SchedulerCore", "MonitorCore",
            ] + serviceEdges),
        tests("SystemTests", ["FleetModel", "ResourceModel", "Store"]),
        tests(
            "FuzzTests",
            [
                "Contracts", "BillingCore", "FleetModel", "Hypervisor", "LoggerCore", "Messages", "MonitorCore",
                "ResourceModel",
                "SchedulerCore", "UserGatewayCore",
            ], exclude: ["Corpus", "fuzz.sh"]),
        tests("TidyTests", []),

        // Benchmarks: `make bench-monitor` and its like; no part of the tests.
        .systemLibrary(name: "CMalloc", path: "Tests/Benchmarks/CMalloc"),
        .target(
            name: "BenchSupport", dependencies: ["CMalloc"], path: "Tests/Benchmarks/Support", swiftSettings: strict),
        .executableTarget(
            name: "SchedulerBench", dependencies: ["BenchSupport", "SchedulerCore", "ResourceModel"],
            path: "Tests/Benchmarks/Scheduler", swiftSettings: strict),
        .executableTarget(
            name: "MonitorBench",
            dependencies: [
                "BenchSupport", "Bus", "Contracts", "Hypervisor", "Messages", "ResourceModel", log, arguments,
            ],
            path: "Tests/Benchmarks/Monitor", swiftSettings: strict),
    ]
}
