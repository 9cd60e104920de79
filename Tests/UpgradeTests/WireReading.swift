// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Messages
import ResourceModel
import Store
import SwiftProtobuf
import UserGatewayCore

@testable import BillingMain
@testable import FleetMain
@testable import FleetModel
@testable import MonitorMain
@testable import SchedulerMain

/// Reads bodies of former versions with what this version's services read them with. Throws what is not understood.
enum WireReading {
    /// Every message of the wire, by its name in the `.proto` files.
    static let messages: [String: any SwiftProtobuf.Message.Type] = {
        let types: [any SwiftProtobuf.Message.Type] = [
            WireBillRequest.self, WireColumn.self, WireCommandOutcome.self, WireDecisionRecorded.self,
            WireDomainEvent.self, WireEnvelope.self, WireExecuteCommand.self, WireFailure.self,
            WireFleetAbortMigration.self, WireFleetAdminister.self, WireFleetAnswer.self, WireFleetCall.self,
            WireFleetCap.self, WireFleetCreate.self, WireFleetDescribe.self, WireFleetDomain.self, WireFleetHost.self,
            WireFleetInspect.self, WireFleetInventory.self, WireFleetLabel.self, WireFleetLifecycle.self,
            WireFleetMigrate.self, WireFleetPing.self, WireFleetPrepare.self, WireFleetRedefine.self,
            WireFleetResize.self, WireFleetSample.self, WireFleetSnapshot.self, WireHeartbeat.self,
            WireHostColumns.self, WireHostReport.self, WireJSONDocument.self, WirePermitReply.self,
            WirePermitRequest.self, WirePolicyValues.self, WireReplayReply.self, WireReplayRequest.self,
            WireReplayedMessage.self, WireSetPolicy.self, WireSetPolicyReply.self, WireStreamPosition.self,
            WireWhyRequest.self,
        ]
        return Dictionary(
            uniqueKeysWithValues: types.map { ("\($0.protoMessageName.split(separator: ".").last ?? "")", $0) })
    }()

    /// The message, if all of it is known and it would be sent as the same bytes again.
    @discardableResult
    static func known<M: SwiftProtobuf.Message>(_ type: M.Type, _ body: [UInt8]) throws -> M {
        let message = try MessageCodec.decoded(type, from: body)
        guard message.unknownFields.data.isEmpty else {
            throw BrokenFixture("\(M.protoMessageName) has fields that this version does not know")
        }
        guard MessageCodec.encoded(message) == body else {
            throw BrokenFixture("\(M.protoMessageName) would be sent as other bytes")
        }
        return message
    }

    // MARK: - By type and direction

    static func readPublished(_ type: MessageType, _ body: [UInt8]) throws {
        switch type {
        case .hostReport:
            guard try HostReport.encoded(HostReport.decoded(body)) == body else {
                throw BrokenFixture("a host's report would be sent as other bytes")
            }
        case .domainEvent: try known(WireDomainEvent.self, body)
        case .decisionRecorded: try known(WireDecisionRecorded.self, body)
        case .heartbeat: try known(WireHeartbeat.self, body)
        default: throw BrokenFixture("nobody listens to \(type) any more")
        }
    }

    static func readRequest(_ type: MessageType, _ body: [UInt8]) throws {
        switch type {
        case .ping: guard body.isEmpty else { throw BrokenFixture("a ping has no body") }
        case .replay: try known(WireReplayRequest.self, body)
        case .executeCommand:
            guard UUID128(bytes: try known(WireExecuteCommand.self, body).commandID) != nil else {
                throw BrokenFixture("an order to execute names no command")
            }
        case .permitRequest: try readPermit(try known(WirePermitRequest.self, body))
        case .setPolicy:
            let request = try known(WireSetPolicy.self, body)
            if !request.changeJson.isEmpty {
                try all(of: request.changeJson, in: JSONDecoder().decode(PolicyChange.self, from: request.changeJson))
            }
        case .why: try known(WireWhyRequest.self, body)
        case .bill, .usage: try known(WireBillRequest.self, body)
        case .fleetCall: try readFleetCall(try known(WireFleetCall.self, body))
        default: try readDocument(type, try known(WireJSONDocument.self, body).json)
        }
    }

    static func readReply(_ type: MessageType, _ body: [UInt8]) throws {
        switch type {
        case .ping: guard body.isEmpty else { throw BrokenFixture("the answer to a ping has no body") }
        case .replay: try known(WireReplayReply.self, body)
        case .executeCommand:
            let outcome = try known(WireCommandOutcome.self, body)
            guard CommandState(rawValue: outcome.state) != nil else {
                throw BrokenFixture("no command can be \(outcome.state)")
            }
            if !outcome.resultJson.isEmpty { _ = try JSONValue(parsing: outcome.resultJson) }
        case .permitRequest:
            let reply = try known(WirePermitReply.self, body)
            if !reply.recordJson.isEmpty { _ = try JSONValue(parsing: reply.recordJson) }
        case .setPolicy: try known(WireSetPolicyReply.self, body)
        case .fleetCall: try known(WireFleetAnswer.self, body)
        case .showFactors:
            let json = try known(WireJSONDocument.self, body).json
            try all(of: json, in: JSONDecoder().decode(FactorAnswer.self, from: json))
        default: _ = try JSONValue(parsing: try known(WireJSONDocument.self, body).json)
        }
    }

    // MARK: - Documents

    private static func readDocument(_ type: MessageType, _ json: Data) throws {
        let decoder = JSONDecoder()
        switch type {
        case .freezeSet: _ = try FreezeGate().take(String(decoding: json, as: UTF8.self))
        case .showRates: try all(of: json, in: decoder.decode(RatesRequest.self, from: json))
        case .setRates: try all(of: json, in: decoder.decode(SetRatesRequest<RateCardDocument>.self, from: json))
        case .showFactors: try all(of: json, in: decoder.decode(FactorsRequest.self, from: json))
        case .verifyDecisions: try all(of: json, in: decoder.decode(VerifyQuestion.self, from: json))
        case .disguiseDecision: try all(of: json, in: decoder.decode(DecisionQuestion.self, from: json))
        case .assess: try all(of: json, in: decoder.decode(AssessQuestion.self, from: json))
        case .replayPolicy:
            let question = try decoder.decode(ReplayQuestion.self, from: json)
            try all(of: json, in: (question.domain, question.from, question.to), question.change)
        case .checkHost, .checkVM, .readConsole, .listAddresses, .listSnapshots, .previewVM:
            try all(of: json, in: decoder.decode(HostQuestion.self, from: json))
        default: throw BrokenFixture("nobody answers \(type) any more")
        }
    }

    /// Whether every member that was sent was taken: one that is not known any more would be left out in silence.
    private static func all(of json: Data, in values: Any...) throws {
        let members = try JSONValue(parsing: json).members ?? [:]
        let sent = members.values.filter { !$0.isNull }.count
        let taken = values.reduce(0) { sum, value in
            sum + Mirror(reflecting: value).children.filter { !isNothing($0.value) }.count
        }
        guard sent == taken else {
            throw BrokenFixture("of \(members.keys.sorted()) only \(taken) are read: \(values)")
        }
    }

    private static func isNothing(_ value: Any) -> Bool {
        let mirror = Mirror(reflecting: value)
        return mirror.displayStyle == .optional && mirror.children.isEmpty
    }

    private static func readPermit(_ request: WirePermitRequest) throws {
        guard ClusterID(request.clusterID) != nil, DomainID(bytes: request.domainUuid) != nil,
            PermitPurpose(rawValue: request.purpose) != nil
        else { throw BrokenFixture("a request for a permit can't be read: \(request)") }
    }

    private static func readFleetCall(_ call: WireFleetCall) throws {
        guard case .administer(let administer) = call.operation else {
            _ = try FleetCodec.request(call)
            return
        }
        _ = try FleetJSON.decode(FleetAdministration.self, from: administer.json)
    }
}
