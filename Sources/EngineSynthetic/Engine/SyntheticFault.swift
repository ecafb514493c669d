internal import EngineAPI

/// What goes wrong with a synthetic model for a while, so that whoever watches over engines can be tried.
struct SyntheticFault: Sendable {
    /// What goes wrong.
    enum Kind: String, CaseIterable {
        /// A run fails, after its time.
        case fail
        /// A run takes ``SyntheticFault/hangMicroseconds`` longer.
        case hang
        /// A run takes ten times its time.
        case slow
        /// A run keeps ``SyntheticFault/leakBytes`` for as long as its instance lives.
        case leak
        /// A run answers what it should not; see ``Garbage``.
        case garbage
    }

    /// What a run answers that answers garbage.
    enum Garbage: String, CaseIterable {
        /// One row less than it was asked for.
        case fewerRows = "fewer_rows"
        /// One row more.
        case moreRows = "more_rows"
        /// Other bytes than the shape says.
        case bytes
        /// Another element type.
        case type
        /// One output less.
        case missing
        /// A shape that stands for more elements than there can be.
        case shape
        /// What is not a number, where numbers are of floating point.
        case nan
    }

    var kind: Kind
    /// The first run of an instance that suffers from it, from 1; runs of the warm-up count.
    var firstRun = 1
    /// How many runs do; 0 for all further ones.
    var runs = 0
    /// The only instance that does, from 0; `nil` for every one.
    var instance: Int?
    var hangMicroseconds = 3_600_000_000.0
    var leakBytes = 1 << 20
    var garbage = Garbage.fewerRows

    /// The names of its parameters.
    static let parameters = [
        "fault", "fault_from", "fault_runs", "fault_instance", "fault_us", "leak_bytes", "garbage",
    ]

    /// Reads the parameters of `source`; `nil` when it has no fault.
    ///
    /// - Throws: Kind `invalidModel`, naming the parameter and what is allowed.
    init?(_ source: ModelSource) throws(EngineError) {
        guard let name = source.parameters["fault"] else {
            for key in Self.parameters where source.parameters[key] != nil {
                throw EngineError(
                    .invalidModel, "parameter '\(key)' needs the parameter 'fault' beside it")
            }
            return nil
        }
        guard let kind = Kind(rawValue: name) else {
            throw SyntheticCost.malformed(
                "fault", name, Kind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.kind = kind
        for (key, value) in source.parameters.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "fault_from": firstRun = try SyntheticCost.count(key, value, from: 1)
            case "fault_runs": runs = try SyntheticCost.count(key, value, from: 0)
            case "fault_instance": instance = try SyntheticCost.count(key, value, from: 0)
            case "fault_us": hangMicroseconds = try SyntheticCost.time(key, value)
            case "leak_bytes": leakBytes = try SyntheticCost.count(key, value, from: 1)
            case "garbage": garbage = try Self.garbage(key, value)
            default: break
            }
        }
    }

    private static func garbage(_ key: String, _ value: String) throws(EngineError) -> Garbage {
        guard let garbage = Garbage(rawValue: value) else {
            throw SyntheticCost.malformed(
                key, value, Garbage.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return garbage
    }

    /// What is wrong with run number `run` (from 1) of an instance, if anything.
    func kind(ofRun run: Int, instance: Int) -> Kind? {
        guard self.instance ?? instance == instance, run >= firstRun,
            runs == 0 || run < firstRun + runs
        else { return nil }
        return kind
    }
}
