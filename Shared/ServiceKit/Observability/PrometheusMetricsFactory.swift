// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics

/// Backs swift-metrics with a `PrometheusRegistry`.
package struct PrometheusMetricsFactory: MetricsFactory {
    private let registry: PrometheusRegistry

    package init(registry: PrometheusRegistry) { self.registry = registry }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Series(registry: registry, key: registry.key(label, dimensions), initial: .counter(0))
    }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)])
        -> any FloatingPointCounterHandler
    {
        Series(registry: registry, key: registry.key(label, dimensions), initial: .counter(0))
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        Series(registry: registry, key: registry.key(label, dimensions), initial: .gauge(0))
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Series(
            registry: registry, key: registry.key(label, dimensions), initial: aggregate ? Series.empty : .gauge(0))
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Series(registry: registry, key: registry.key(label, dimensions), initial: Series.empty)
    }

    package func destroyCounter(_ handler: any CounterHandler) { (handler as? Series)?.destroy() }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        (handler as? Series)?.destroy()
    }
    package func destroyMeter(_ handler: any MeterHandler) { (handler as? Series)?.destroy() }
    package func destroyRecorder(_ handler: any RecorderHandler) { (handler as? Series)?.destroy() }
    package func destroyTimer(_ handler: any TimerHandler) { (handler as? Series)?.destroy() }
}

/// One series, whatever its kind; swift-metrics hands each out under the one protocol that fits.
private final class Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    static let empty = PrometheusRegistry.Value.histogram(
        counts: [UInt64](repeating: 0, count: PrometheusRegistry.durationBuckets.count), sum: 0, count: 0)

    private let registry: PrometheusRegistry
    private let key: PrometheusRegistry.Key
    private let initial: PrometheusRegistry.Value

    init(registry: PrometheusRegistry, key: PrometheusRegistry.Key, initial: PrometheusRegistry.Value) {
        self.registry = registry
        self.key = key
        self.initial = initial
        registry.update(key, initial: initial) { _ in }
    }

    func destroy() { registry.remove(key) }

    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func set(_ value: Int64) { record(Double(value)) }
    func set(_ value: Double) { record(value) }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func reset() {
        let initial = initial
        registry.update(key, initial: initial) { $0 = initial }
    }

    private func add(_ amount: Double) {
        registry.update(key, initial: initial) { value in
            switch value {
            case .counter(let number): value = .counter(number + amount)
            case .gauge(let number): value = .gauge(number + amount)
            case .histogram: break
            }
        }
    }

    func record(_ observation: Double) {
        registry.update(key, initial: initial) { value in
            switch value {
            case .counter, .gauge:
                value = .gauge(observation)
            case .histogram(var counts, let sum, let count):
                if let bucket = PrometheusRegistry.durationBuckets.firstIndex(where: { observation <= $0 }) {
                    counts[bucket] += 1
                }
                value = .histogram(counts: counts, sum: sum + observation, count: count + 1)
            }
        }
    }
}
