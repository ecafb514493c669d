internal import Simulator

/// The machine-readable form of what scenarios came to.
package enum ReportJSON {
    /// One scenario gives an object, several give a list of them.
    ///
    /// - Parameter withSeries: Also writes queue, batches and memory over time and the distribution of
    ///   latencies, which make the report hundreds of times as long.
    package static func text(
        _ finished: [FinishedScenario], withSeries: Bool = false
    ) -> String {
        let objects = finished.map { object($0.scenario, $0.result, withSeries) }
        let whole = objects.count == 1 ? objects[0] : .list(objects)
        return whole.rendered() + "\n"
    }

    private static func object(
        _ scenario: Scenario, _ result: ScenarioResult, _ withSeries: Bool
    ) -> JSONText {
        guard let first = result.reports.first else {
            return .members([
                ("scenario", .text(scenario.name)), ("seed", .integer(Int(scenario.seed))),
                ("policies", .list([])),
            ])
        }
        var members = report(first, withSeries)
        if result.reports.count > 1 {
            members.append(
                (
                    "further_seeds",
                    .list(
                        result.reports.dropFirst().map {
                            .members(Array(report($0, withSeries).dropFirst()))
                        })
                ))
        }
        if !scenario.references.isEmpty {
            members.append(("references", .list(scenario.references.map(reference))))
        }
        if !result.verdicts.isEmpty {
            members.append(("targets", .list(result.verdicts.map(verdict))))
            members.append(("holds", .truth(result.holds)))
        }
        return .members(members)
    }

    private static func report(
        _ report: SimulationReport, _ withSeries: Bool
    ) -> [(String, JSONText)] {
        var members: [(String, JSONText)] = [
            ("scenario", .text(report.scenario)), ("seed", .integer(Int(clamping: report.seed))),
            ("policies", .list(report.policies.map { policy($0, withSeries) })),
        ]
        if let repeated = report.repeatedInputsPercent {
            members.append(("repeated_inputs_pct", .number(repeated)))
        }
        if let optimum = report.optimumInTimePercent {
            members.append(("optimum_in_time_pct", .number(optimum)))
        }
        return members
    }

    private static func policy(_ entry: PolicyReport, _ withSeries: Bool) -> JSONText {
        var members: [(String, JSONText)] = [("name", .text(entry.name))]
        members += figures(entry.figures)
        members.append(("classes", .list(entry.classes.map(classEntry))))
        members += further(entry.figures)
        if let rate = entry.maxRatePerSecond { members.append(("max_rate_rps", .number(rate))) }
        if !entry.sweep.isEmpty {
            members.append(
                (
                    "sweep",
                    .list(
                        entry.sweep.map {
                            .members(
                                [("rate_rps", .number($0.ratePerSecond))] + figures($0.figures)
                                    + further($0.figures))
                        })
                ))
        }
        if withSeries {
            members.append(("latency_cdf", .list(entry.latencyCurve.map(point))))
            if entry.figures.generation != nil {
                members.append(("ttft_cdf", .list(entry.firstTokenCurve.map(point))))
                members.append(("gap_cdf", .list(entry.gapCurve.map(point))))
            }
            members.append(("series", series(entry.series)))
            if !entry.controls.isEmpty {
                members.append(("controls", .list(entry.controls.map(control))))
            }
        }
        return .members(members)
    }

    /// The figures that every report has, in the order of the documentation.
    private static func figures(_ figures: RunFigures) -> [(String, JSONText)] {
        [
            ("offered_rps", .number(figures.offeredPerSecond)),
            ("completed_rps", .number(figures.completedPerSecond)),
            ("in_time_rps", .number(figures.inTimePerSecond)),
            ("latency_ms", quantiles(figures.latency)),
            ("strict_p99_ms", .number(figures.strictP99Milliseconds ?? .infinity)),
            ("rejected_pct", .number(figures.rejectedPercent)),
            ("late_pct", .number(figures.latePercent)),
            ("mean_batch", .number(figures.meanBatch)),
        ]
    }

    private static func quantiles(_ figures: LatencyFigures) -> JSONText {
        .members([
            ("mean", .number(figures.mean)), ("p50", .number(figures.p50)),
            ("p90", .number(figures.p90)), ("p99", .number(figures.p99)),
            ("p999", .number(figures.p999)),
        ])
    }

    /// The figures that only text generation has.
    private static func generation(_ figures: GenerationFigures) -> [(String, JSONText)] {
        [
            ("weighted_in_time_pct", .number(figures.weightedInTimePercent)),
            ("generated_tps", .number(figures.generatedPerSecond)),
            ("ttft_ms", quantiles(figures.firstToken)), ("tpot_ms", quantiles(figures.perToken)),
            ("gap_ms", quantiles(figures.gap)),
            ("ttft_missed_pct", .number(figures.firstTokenMissedPercent)),
            ("tpot_missed_pct", .number(figures.perTokenMissedPercent)),
            ("preemptions", .number(figures.preemptions)),
            ("prefix_hit_pct", .number(figures.prefixHitPercent)),
            ("kv_peak_pct", .number(figures.peakKeyValuePercent)),
            ("mean_step_ms", .number(figures.meanStepMilliseconds)),
            (
                "rejected_by_reason",
                .members(figures.rejectedByReason.map { ($0.reason, .number($0.percent)) })
            ),
        ]
    }

    private static func further(_ figures: RunFigures) -> [(String, JSONText)] {
        var members: [(String, JSONText)] = [
            ("in_time_pct", .number(figures.inTimePercent)),
            ("failed_pct", .number(figures.failedPercent)),
            ("error_pct", .number(figures.errorPercent)),
            ("cheaper_variant_pct", .number(figures.cheaperVariantPercent)),
        ]
        if let share = figures.ofOptimumPercent {
            members.append(("of_optimum_pct", .number(share)))
        }
        if figures.healthChanges > 0 {
            members.append(("health_changes", .number(figures.healthChanges)))
        }
        if figures.processEnds > 0 {
            members.append(("process_ends", .number(figures.processEnds)))
        }
        if figures.attempts > 1 {
            members.append(("served_pct", .number(figures.servedPercent)))
            members.append(("attempts", .number(figures.attempts)))
        }
        if let text = figures.generation { members += generation(text) }
        if let breakers = figures.breakers {
            members += BreakerFigures.names.map { ($0, .number(breakers.figure($0) ?? 0)) }
        }
        return members
    }

    private static func classEntry(_ entry: ClassReport) -> JSONText {
        var members: [(String, JSONText)] = [
            ("name", .text(entry.name)), ("in_time_pct", .number(entry.inTimePercent)),
            ("p99_ms", .number(entry.p99Milliseconds)),
            ("rejected_pct", .number(entry.rejectedPercent)),
            ("late_pct", .number(entry.latePercent)),
            ("offered_rps", .number(entry.offeredPerSecond)),
            ("in_time_rps", .number(entry.inTimePerSecond)),
        ]
        if let time = entry.firstTokenP99Milliseconds {
            members.append(("ttft_p99_ms", .number(time)))
        }
        if let time = entry.perTokenP99Milliseconds {
            members.append(("tpot_p99_ms", .number(time)))
        }
        return .members(members)
    }

    private static func point(_ point: LatencyPoint) -> JSONText {
        .members([("quantile", .number(point.quantile)), ("ms", .number(point.milliseconds))])
    }

    private static func series(_ series: TimeSeries) -> JSONText {
        var members: [(String, JSONText)] = [
            ("bin_s", .number(series.binSeconds)),
            ("queued", .list(series.queued.map(JSONText.number))),
            ("in_flight", .list(series.inFlight.map(JSONText.number))),
            ("batch", .list(series.batch.map(JSONText.number))),
        ]
        if !series.cheaperPercent.isEmpty {
            members.append(("cheaper_pct", .list(series.cheaperPercent.map(JSONText.number))))
        }
        if !series.memoryMB.isEmpty {
            members.append(("memory_mb", .list(series.memoryMB.map(JSONText.number))))
        }
        if !series.keyValueTokens.isEmpty {
            members.append(("kv_tokens", .list(series.keyValueTokens.map(JSONText.number))))
        }
        return .members(members)
    }

    private static func control(_ series: ControlSeries) -> JSONText {
        .members([
            ("panel", .text(series.panel.title)), ("unit", .text(series.panel.unit)),
            ("states", .list(series.panel.states.map(JSONText.text))),
            ("name", .text(series.name)),
            ("at_s", .list(series.changes.map { .number($0.seconds) })),
            ("value", .list(series.changes.map { .number($0.value) })),
        ])
    }

    private static func reference(_ row: ReferenceRow) -> JSONText {
        var members: [(String, JSONText)] = [("name", .text(row.name))]
        if let rate = row.ratePerSecond { members.append(("rate_rps", .number(rate))) }
        if let mean = row.meanMilliseconds { members.append(("mean_ms", .number(mean))) }
        members.append(("p99_ms", .number(row.p99Milliseconds)))
        if let errors = row.errorPercent { members.append(("error_pct", .number(errors))) }
        return .members(members)
    }

    private static func verdict(_ verdict: TargetVerdict) -> JSONText {
        let target = verdict.target
        var members: [(String, JSONText)] = [("policy", .text(target.policy))]
        if let name = target.className { members.append(("class", .text(name))) }
        members.append(("figure", .text(target.figure)))
        if let rate = target.atRatePerSecond { members.append(("at_rate_rps", .number(rate))) }
        switch target.bound {
        case .atMost(let limit): members.append(("at_most", .number(limit)))
        case .atLeast(let limit): members.append(("at_least", .number(limit)))
        case .within(let percent, let value):
            members.append(("value", .number(value)))
            members.append(("within_pct", .number(percent)))
        }
        members.append(("over", .text(target.over.rawValue)))
        members.append(("measured", .list(verdict.measured.map(JSONText.number))))
        members.append(("deciding", verdict.deciding.map(JSONText.number) ?? .null))
        members.append(("holds", .truth(verdict.holds)))
        return .members(members)
    }
}
