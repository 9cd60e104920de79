// SPDX-License-Identifier: Apache-2.0

import Contracts
import LoggerCore
import ResourceModel
import TestSupport
import Testing

@Suite("Whatever is published, Logger takes it, refuses it or records a gap")
struct LoggerFuzzTests {
    @Test("sequences from the ends of their range, losses, refusals and take-overs")
    func state() {
        Fuzz.run("logger's state", rounds: 2_000) { fuzz in
            var state = LoggerState(limits: LoggerLimits(batchRows: 5, batchAge: .milliseconds(50), queueRows: 20))
            for _ in 0..<40 {
                let stream = StreamID(
                    topic: Topic(trusted: fuzz.pick(["host/a/", "event/a/", "decision/c/", "x/"])), epoch: 1)
                let now = fuzz.instant()
                switch fuzz.index(below: 6) {
                case 0:
                    guard let id = stream.shard else { continue }
                    state.gained(LogShard(id: id, epoch: fuzz.int64()), watermarks: [stream: fuzz.sequence()])
                case 1:
                    let (first, last) = (fuzz.sequence(), fuzz.sequence())
                    _ = state.take(.lost(stream, min(first, last)...max(first, last)), at: now)
                case 2, 3:
                    let event = LogEvent(
                        at: now, kind: "k", host: nil, domain: nil, detail: fuzz.text(), isForeign: false)
                    _ = state.take(.message(stream, sequence: fuzz.sequence(), .event(event)), at: now)
                case 4:
                    guard state.batch(at: now, isUrgent: true) != nil else { continue }
                    switch fuzz.index(below: 5) {
                    case 0: state.refused(.unavailable, at: now)
                    case 1: state.refused(.unstorable, at: now)
                    case 2: state.refused(.moved([stream: fuzz.sequence()]), at: now)
                    default: state.stored()
                    }
                default: if let id = stream.shard { state.lost(id) }
                }
                _ = state.wakeUp(at: now)
            }
        }
    }
}

extension Fuzz {
    /// As the shell lets them in: whatever PostgreSQL's int8 holds, from 1.
    fileprivate mutating func sequence() -> UInt64 { UInt64(clamping: max(1, int64())) }
}
