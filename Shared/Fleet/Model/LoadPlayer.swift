// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// Plays one domain's load: its source, or the trace that was started over it.
struct LoadPlayer: Hashable, Sendable {
    /// A trace value that was in force for the whole interval between two served samples.
    struct Served: Hashable, Sendable {
        /// Counts the domain's traces, from 1.
        let trace: Int
        /// From 1.
        let index: Int
        let loadPPM: Int64
    }

    /// The load in force.
    private(set) var ppm: Int64 = 0
    /// The next true instant at which the clock changes the load; `nil` if only a sample or a call can.
    private(set) var nextChange: Timestamp?
    /// How many traces were started so far.
    private(set) var traceCount = 0

    private var source: LoadSource
    private var sourceStart: Timestamp
    private var generator: SeededGenerator
    /// Steps of the present burst, this one included.
    private var burstStepsLeft = 0
    private var trace: LoadTrace?
    /// Index of the trace's value in force; `nil` while it waits for its first sample.
    private var position: Int?
    private var traceIsOver = false

    init(source: LoadSource, seed: UInt64, at instant: Timestamp) {
        self.source = source
        sourceStart = instant
        generator = SeededGenerator(seed: seed)
        begin(at: instant)
    }

    /// Replaces source and trace.
    mutating func follow(_ source: LoadSource, at instant: Timestamp) {
        self.source = source
        sourceStart = instant
        trace = nil
        begin(at: instant)
    }

    /// Starts a trace. One that advances per sample leaves the load as it is until the next sample.
    mutating func play(_ trace: LoadTrace, at instant: Timestamp) {
        self.trace = trace
        traceCount += 1
        traceIsOver = false
        nextChange = nil
        position = nil
        guard let interval = trace.intervalNanoseconds else { return }
        position = 0
        ppm = trace.loadsPPM[0]
        nextChange = instant.advanced(byNanoseconds: interval)
    }

    /// Changes the load as the clock demands at `nextChange`.
    mutating func step(at instant: Timestamp) {
        guard let trace else { return stepSource(at: instant) }
        moveOn(in: trace)
        nextChange = traceIsOver ? nil : trace.intervalNanoseconds.map(instant.advanced(byNanoseconds:))
    }

    /// A sample is served. `isComparable`: the previous sample was of the same running incarnation and of another
    /// instant, so a reader can compute a utilisation from both.
    mutating func serve(isComparable: Bool) -> Served? {
        guard let trace, !traceIsOver else { return nil }
        guard let position else {
            self.position = 0
            ppm = trace.loadsPPM[0]
            return nil
        }
        guard isComparable else { return nil }
        let served = Served(trace: traceCount, index: position + 1, loadPPM: trace.loadsPPM[position])
        if trace.intervalNanoseconds == nil { moveOn(in: trace) }
        return served
    }

    private mutating func moveOn(in trace: LoadTrace) {
        let next = (position ?? -1) + 1
        guard next < trace.loadsPPM.count else {
            traceIsOver = true
            return
        }
        position = next
        ppm = trace.loadsPPM[next]
    }

    private mutating func begin(at instant: Timestamp) {
        nextChange = nil
        burstStepsLeft = 0
        switch source {
        case .constant(let value): ppm = value
        case .periodic, .bursty: stepSource(at: instant)
        }
    }

    private mutating func stepSource(at instant: Timestamp) {
        switch source {
        case .constant:
            nextChange = nil
        case .periodic(let low, let high, let period, let share):
            stepPeriod(low: low, high: high, period: period, share: share, at: instant)
        case .bursty(let base, let burst, let step, let chance, let length):
            if burstStepsLeft > 0 { burstStepsLeft -= 1 }
            if burstStepsLeft == 0, Int64(generator.next() % 1_000_000) < chance { burstStepsLeft = length }
            ppm = burstStepsLeft > 0 ? burst : base
            nextChange = instant.advanced(byNanoseconds: step)
        }
    }

    private mutating func stepPeriod(low: Int64, high: Int64, period: Int64, share: Int64, at instant: Timestamp) {
        let lowPart = period - Int64(Int128(period) * Int128(share) / 1_000_000)
        let phase = instant.nanoseconds(since: sourceStart) % period
        let isLow = phase < lowPart
        ppm = isLow ? low : high
        nextChange = instant.advanced(byNanoseconds: isLow ? lowPart - phase : period - phase)
    }
}
