/// How the promises to one class of one model were kept during the last minute.
package struct PromiseReport: Sendable {
    /// The model.
    package var model: String
    /// Name of the class.
    package var name: String
    /// Position of the class in the table, the most important first.
    package var rank: Int
    /// Requests that wait now.
    package var queued: Int
    /// Answered as promised.
    package var inTime: UInt64
    /// Answered, but not as fast as promised.
    package var late: UInt64
    /// Refused by the scheduler.
    package var refused: UInt64

    /// Makes a report; see the properties.
    package init(
        model: String, name: String, rank: Int = 0, queued: Int = 0, inTime: UInt64 = 0,
        late: UInt64 = 0, refused: UInt64 = 0
    ) {
        self.model = model
        self.name = name
        self.rank = rank
        self.queued = queued
        self.inTime = inTime
        self.late = late
        self.refused = refused
    }

    private var total: UInt64 { inTime + late + refused }

    fileprivate var broken: UInt64 { late + refused }

    fileprivate var share: Double { total > 0 ? Double(broken) / Double(total) : 0 }

    fileprivate var isQuiet: Bool { total == 0 && queued == 0 }

    /// More important classes first, then the larger share.
    fileprivate func isWorse(than other: PromiseReport) -> Bool {
        rank != other.rank ? rank < other.rank : share > other.share
    }

    fileprivate var text: String {
        func percent(_ count: UInt64) -> String {
            Verdict.text(Double(count) / Double(max(total, 1)) * 100) + " %"
        }
        var parts: [String] = []
        if late > 0 { parts.append("late \(percent(late))") }
        if refused > 0 { parts.append("refused \(percent(refused))") }
        return "\(model): \(name) class \(parts.joined(separator: ", ")) — queue \(queued)"
    }
}

/// The one line that an operator reads first.
package struct Verdict: Encodable, Sendable, Equatable {
    /// How bad it is.
    package enum Level: String, Encodable, Sendable {
        /// Nothing was asked.
        case idle
        /// All is as promised.
        case good
        /// Something is not as it should be.
        case warn
        /// Promises are being broken.
        case bad
    }

    /// How bad it is.
    package var level: Level
    /// The line.
    package var text: String
    /// What else is to be said.
    package var detail: String

    /// Share of broken promises from which a class is in trouble, and in serious trouble.
    private static let warnShare = 0.01
    private static let badShare = 0.05

    /// Judges the last minute.
    ///
    /// - Parameters:
    ///   - state: `starting`, `ready` or `draining`.
    ///   - promises: Every class of every model that serves.
    ///   - failures: Models whose engine failed, and how often.
    ///   - missing: Models that cannot be served, and why.
    ///   - memoryGrowth: How fast memory grows that only grows, in bytes for each second.
    ///   - rate: Requests that end each second.
    package init(
        state: String, promises: [PromiseReport], failures: [(model: String, count: UInt64)] = [],
        missing: [(name: String, reason: String)] = [], memoryGrowth: Double = 0, rate: Double
    ) {
        let troubles = promises.filter { $0.broken > 0 }.sorted { $0.isWorse(than: $1) }
        let bad = troubles.filter { $0.share >= Self.warnShare }
        let traffic = "\(Self.text(rate)) requests/s"
        level = .warn
        detail = traffic
        if state == "draining" {
            text = "Stopping: no new requests"
        } else if let worst = bad.first {
            if bad.contains(where: { $0.share >= Self.badShare }) { level = .bad }
            text = worst.text + (bad.count > 1 ? " · and \(bad.count - 1) more" : "")
        } else if let failure = failures.first {
            text = "\(failure.model): its engine failed \(failure.count) requests"
        } else if let gone = missing.first {
            text = "Not served: \(gone.name)"
            if missing.count > 1 { text += " and \(missing.count - 1) more" }
            detail = gone.reason
        } else if memoryGrowth > 0 {
            text = "Memory only grows, by \(Self.text(memoryGrowth * 60 / 1_000_000)) MB a minute"
        } else if state == "starting" {
            text = "Starting: models are loading"
        } else if promises.isEmpty {
            text = "No models"
            detail = "the repositories are empty"
        } else if promises.allSatisfy(\.isQuiet) {
            level = .idle
            text = "Ready, nothing to do"
            detail = "no requests for a minute"
        } else if let worst = troubles.first {
            level = .good
            text = "Promises kept but for \(Self.text(worst.share * 100)) % of \(worst.name)"
        } else {
            level = .good
            text = "All promises kept"
        }
    }

    /// A number as people say it: whole from 10 on, two decimals where one would say 0.0.
    static func text(_ number: Double) -> String {
        if number >= 10 { return "\(Int(number.rounded()))" }
        let scale = number >= 0.05 || number == 0 ? 10.0 : 100.0
        return "\((number * scale).rounded() / scale)"
    }
}

extension Verdict {
    /// Judges what a snapshot shows.
    init(
        state: String, models: [Snapshot.Model], missing: [Snapshot.Missing], memoryGrowth: Double
    ) {
        let promises = models.flatMap { model in
            model.classes.enumerated().map { rank, entry in
                PromiseReport(
                    model: model.name, name: entry.name, rank: rank, queued: entry.queued,
                    inTime: entry.inTime, late: entry.late,
                    refused: entry.rejected.values.reduce(0, +))
            }
        }
        self.init(
            state: state, promises: promises,
            failures: models.filter { $0.failed > 0 }.map { ($0.name, $0.failed) },
            missing: missing.map { ($0.name, $0.reason) }, memoryGrowth: memoryGrowth,
            rate: models.reduce(0) { $0 + $1.classes.reduce(0) { $0 + $1.rate } })
    }
}
