internal import ControlCore
internal import ServingModel
internal import ServingRuntime

extension ModelFamily {
    /// Which instances work, and what became of those that did not.
    static let breakers: [ModelFamily] = [
        ModelFamily(
            "headway_instance_state", .gauge, labels: ["instance", "state"],
            "1 for the state of the instance's circuit breaker: it works (closed), may serve one request "
                + "as a trial (half_open), or is out of service (open); 0 for the others"
        ) { figures, samples in
            for (instance, reading) in figures.load.instances.enumerated() {
                for state in BreakerPanel.Reading.State.allCases {
                    samples.add(
                        ["\(instance)", state.rawValue], int: reading.state == state ? 1 : 0)
                }
            }
        },
        ModelFamily(
            "headway_instance_anomaly", .gauge, labels: ["instance"],
            "How certain it is that something is wrong with the instance's latencies or failures "
                + "[0.0 - 1.0]"
        ) { figures, samples in
            for (instance, reading) in figures.load.instances.enumerated() {
                samples.add(["\(instance)"], real: reading.anomaly)
            }
        },
        ModelFamily(
            "headway_instance_isolations_total", .counter, labels: ["instance", "cause"],
            "Times that the instance was taken out of service, because it failed again and again "
                + "(failing), was slower than the others (slow), or a batch did not end (stalled)"
        ) { figures, samples in
            for (instance, reading) in figures.load.instances.enumerated() {
                for cause in IsolationCause.allCases {
                    samples.add(
                        ["\(instance)", cause.rawValue], int: reading.isolations[cause] ?? 0)
                }
            }
        },
        ModelFamily(
            "headway_instance_trials_total", .counter, labels: ["instance", "result"],
            "Trials of an instance that was out of service, by whether it worked (recovered) or not "
                + "(relapsed)"
        ) { figures, samples in
            for (instance, reading) in figures.load.instances.enumerated() {
                samples.add(["\(instance)", "recovered"], int: reading.recoveries)
                samples.add(["\(instance)", "relapsed"], int: reading.relapses)
            }
        },
        ModelFamily(
            "headway_instance_renewals_total", .counter, labels: ["instance"],
            "Times that the engine's instance was made anew, because memory only grew"
        ) { figures, samples in
            for (instance, count) in figures.statistics.renewals.enumerated() {
                samples.add(["\(instance)"], int: count)
            }
        },
    ]
}
