// SPDX-License-Identifier: Apache-2.0

package import Store

/// Every setting of every service. One file or environment may configure all five, so a key of another service is not
/// an error, and a key that no service knows is one.
package enum SettingCatalog {
    package static let common: [Setting] = [
        Setting(
            "database.url", .secret, default: nil,
            "PostgreSQL as libpq writes it, for instance postgresql://ebb_monitor:…@db/ebb"),
        Setting("database.poolSize", .integer(1...64), default: "4", "connections to PostgreSQL"),
        Setting(
            "database.statementTimeout", .duration(.milliseconds(100) ... .seconds(600)), default: "10s",
            "how long one statement may take"),
        Setting(
            "bus.publish", .text, default: "tcp://127.0.0.1:*",
            "where this instance publishes; * takes a free port"),
        Setting("bus.command", .text, default: "tcp://127.0.0.1:*", "where this instance takes commands"),
        Setting(
            "bus.advertiseHost", .text, default: "",
            "the name or address that others reach this instance by; empty: as the database sees it"),
        Setting(
            "bus.heartbeatInterval", .duration(.milliseconds(50) ... .seconds(60)), default: "1s",
            "how often publishers list their streams"),
        Setting("bus.spoolMessages", .integer(1...1_000_000), default: "256", "messages kept per stream for replay"),
        Setting("admin.bind", .text, default: "127.0.0.1:0", "address of /livez, /readyz, /metrics; port 0: any"),
        Setting(
            "admin.connections", .integer(1...1_000), default: "32",
            "connections to that address at most; the oldest makes room for the next"),
        Setting(
            "log.level", .choice(["trace", "debug", "info", "notice", "warning", "error"]), default: "info",
            "the least severe message that is logged"),
        Setting(
            "membership.heartbeatInterval", .duration(.milliseconds(50) ... .seconds(60)), default: "1s",
            "how often this instance renews its row"),
        Setting(
            "membership.timeToLive", .duration(.milliseconds(200) ... .seconds(600)), default: "5s",
            "an instance whose row was not renewed for this long is dead"),
    ]

    package static let monitor: [Setting] = [
        Setting(
            "monitor.pollInterval", .duration(.milliseconds(20) ... .seconds(600)), default: "5s",
            "from one reading of a host to the next"),
        Setting(
            "monitor.callTimeout", .duration(.milliseconds(100) ... .seconds(600)), default: "5s",
            "how long a hypervisor may take to answer a reading"),
        Setting(
            "monitor.commandTimeout", .duration(.seconds(1) ... .seconds(3_600)), default: "120s",
            "how long a hypervisor may take to carry out a command, other than a migration"),
        Setting(
            "monitor.migrationStallTimeout", .duration(.seconds(1) ... .seconds(86_400)), default: "120s",
            "a migration that has made no progress for this long is aborted"),
        Setting(
            "monitor.migrationTimeLimit", .duration(.zero ... .seconds(604_800)), default: "0s",
            "how long a migration may take while it makes progress; 0: no limit"),
        Setting(
            "monitor.readingInterval", .duration(.milliseconds(100) ... .seconds(3_600)), default: "60s",
            "how often each domain's meters are written down"),
        Setting(
            "monitor.examinationInterval", .duration(.seconds(1) ... .seconds(86_400)), default: "5m",
            "how often a host is asked for its storage pools, networks and CPU, which placement needs"),
        Setting(
            "monitor.fleetNetwork", .text, default: "",
            "the private network of a simulated fleet, which has no keys: names and addresses by which it may be reached, "
                + "with , between them; empty: loopback only"),
        Setting(
            "monitor.folders", .text, default: "",
            "folders, with : between them, whose files a host's URI may name (keys, certificates, sockets); empty: none"
        ),
        Setting(
            "monitor.user", .text, default: "ebb",
            "the user that Monitor becomes when root starts it: what operators type never acts with root's rights"),
    ]

    package static let scheduler: [Setting] = [
        Setting(
            "scheduler.windowLength", .integer(1...1_000), default: "12",
            "N: known samples in a window; another N is a new version of every policy without one of its own"),
        Setting(
            "scheduler.minimumAvailableMemory", .integer(0...1_099_511_627_776), default: "67108864",
            "unused bytes that a guest keeps: memory is not shrunk below use and these, whatever their share"),
        Setting(
            "scheduler.longestWindow", .integer(1...1_000), default: "36",
            "the longest N that a tenant may choose; after a restart this many samples are read back"),
        Setting(
            "scheduler.samplingInterval", .duration(.milliseconds(20) ... .seconds(600)), default: "5s",
            "what one sample stands for; samples older than 2N of it don't count"),
        Setting(
            "scheduler.cooldownUp", .duration(.zero ... .seconds(86_400)), default: "30s",
            "after growing, no growing again for this long"),
        Setting(
            "scheduler.cooldownDown", .duration(.zero ... .seconds(86_400)), default: "300s",
            "after any change, no shrinking for this long"),
        Setting(
            "scheduler.weightResponse", .integer(0...1_000_000), default: "333334",
            "a: weight of the response time, in ppm; a + b + c = 1000000"),
        Setting(
            "scheduler.weightCPU", .integer(0...1_000_000), default: "333333", "b: weight of free CPU, in ppm"),
        Setting(
            "scheduler.weightMemory", .integer(0...1_000_000), default: "333333", "c: weight of free memory, in ppm"),
        Setting(
            "scheduler.stealBound", .integer(0...1_000_000), default: "50000",
            "steal above it, in ppm, forbids shrinking"),
        Setting(
            "scheduler.unknownBound", .integer(0...1_000_000), default: "400000",
            "more unknown samples than this share of a window, in ppm, hold a VM as it is"),
        Setting(
            "scheduler.movesInPerHost", .integer(0...1_000), default: "1", "migrations onto one host at once"),
        Setting(
            "scheduler.movesOutPerHost", .integer(0...1_000), default: "1", "migrations away from one host at once"),
        Setting(
            "scheduler.movesPerCluster", .integer(0...1_000), default: "2", "migrations in a cluster at once"),
        Setting(
            "scheduler.moveRest", .duration(.zero ... .seconds(604_800)), default: "30m",
            "how long a VM that has moved is not moved again"),
        Setting(
            "scheduler.minimumImprovement", .integer(0...1_000_000), default: "50000",
            "a move to relieve a host must better the balance by this share, in ppm"),
        Setting(
            "scheduler.freezeFailedShare", .integer(0...1_000_000), default: "50000",
            "more failed actions than this share within 10 minutes, in ppm, freeze the cluster"),
        Setting(
            "scheduler.freezeChangedShare", .integer(0...1_000_000), default: "100000",
            "more VMs changed than this share within 10 minutes, in ppm, freeze the cluster"),
        Setting(
            "scheduler.timeToLive", .duration(.milliseconds(200) ... .seconds(600)), default: "3s",
            "an instance of Scheduler that was silent for this long is dead, if membership.timeToLive is not less"),
        Setting(
            "scheduler.managedInterval", .duration(.milliseconds(50) ... .seconds(86_400)), default: "60s",
            "how often it is checked whether a managed policy must be chosen again"),
        Setting(
            "scheduler.permitLifetime", .duration(.seconds(1) ... .seconds(3_600)), default: "120s",
            "a permit that was not used within this time is void"),
        Setting(
            "scheduler.commandTimeout", .duration(.seconds(1) ... .seconds(3_600)), default: "60s",
            "a command that no Monitor took within this time is given up"),
        Setting(
            "scheduler.retryAfterNoRoom", .duration(.zero ... .seconds(86_400)), default: "60s",
            "a growth that found no room anywhere asks again after this long"),
    ]

    package static let billing: [Setting] = [
        Setting(
            "billing.rateCard", .text, default: "",
            "a YAML file: the rate card that takes effect when the database has none yet")
    ]

    package static let logger: [Setting] = [
        Setting("logger.batchRows", .integer(1...1_000_000), default: "5000", "rows in one batch at most"),
        Setting(
            "logger.batchAge", .duration(.milliseconds(10) ... .seconds(60)), default: "500ms",
            "a batch is written after this long at the latest"),
        Setting("logger.queueRows", .integer(100...10_000_000), default: "200000", "rows waiting at most"),
        Setting(
            "logger.retention", .duration(.seconds(86_400) ... .seconds(86_400 * 3_650)), default: "7d",
            "how long raw samples are kept"),
    ]

    package static let usergateway: [Setting] = [
        Setting("gateway.bind", .text, default: "127.0.0.1:7420", "address of the JSON-RPC port"),
        Setting("gateway.certificateFile", .text, default: "", "TLS certificate chain (PEM)"),
        Setting("gateway.privateKeyFile", .text, default: "", "TLS private key (PEM)"),
        Setting(
            "gateway.allowPlain", .boolean, default: "false",
            "whether tokens may cross plain TCP off loopback: only behind something that does TLS"),
        Setting(
            "gateway.connections", .integer(1...100_000), default: "1000",
            "open connections at most, half of them without login; no more than the process may open files"),
        Setting(
            "gateway.requestTimeout", .duration(.milliseconds(100) ... .seconds(600)), default: "60s",
            "how long a request may take"),
        Setting(
            "gateway.historyPoolSize", .integer(1...16), default: "2",
            "connections to PostgreSQL for costly reads, such as samples: so many are done at once"),
        Setting(
            "gateway.tenantRequests", .integer(1...1_000_000), default: "400",
            "requests of a tenant a second; two seconds of it at once"),
        Setting(
            "gateway.tenantBytes", .integer(1_024...10_000_000_000), default: "16777216",
            "bytes of a tenant's requests and answers a second; two seconds of it at once"),
        Setting(
            "gateway.tenantDatabaseTime", .duration(.milliseconds(1) ... .seconds(100)), default: "1500ms",
            "the database's time for a tenant in each second; two seconds of it at once"),
        Setting(
            "gateway.principalRequests", .integer(1...1_000_000), default: "200",
            "the same for one principal of a tenant: requests a second"),
        Setting(
            "gateway.principalBytes", .integer(1_024...10_000_000_000), default: "8388608",
            "the same for one principal of a tenant: bytes a second"),
        Setting(
            "gateway.principalDatabaseTime", .duration(.milliseconds(1) ... .seconds(100)), default: "1s",
            "the same for one principal of a tenant: the database's time in each second"),
        Setting(
            "gateway.freezeTimeout", .duration(.milliseconds(50) ... .seconds(30)), default: "1s",
            "how long a Monitor may take to confirm a freeze"),
    ]

    /// What one service reads.
    package static func settings(of service: ServiceKind) -> [Setting] {
        switch service {
        case .monitor: common + monitor
        case .scheduler: common + scheduler
        case .billing: common + billing
        case .logger: common + logger
        case .usergateway: common + usergateway
        }
    }

    package static let all = common + monitor + scheduler + billing + logger + usergateway

    /// Names in the environment that begin with `EBB_` and belong to the client, the fleet or the tools.
    package static let foreignEnvironmentPrefixes = [
        "EBB_CONTEXT", "EBB_ENDPOINT", "EBB_TOKEN", "EBB_OUTPUT", "EBB_TIMEOUT", "EBB_LAB_", "EBB_DEMO_",
        "EBB_MIGRATE_", "EBB_FLEET_", "EBB_TEST_", "EBB_COMPOSE_",
    ]
}
