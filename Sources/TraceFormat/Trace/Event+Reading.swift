internal import SchedulerCore
internal import ServingModel

/// Bounds of what a trace may say, far beyond what occurs and far from where sums would overflow.
enum TraceLimits {
    static let positions = 0...65_535
    static let rows = 1...1 << 30
    static let bytes = 0...1 << 48
    static let length = 0...1 << 30
}

extension TimedEvent {
    private static let names = [
        "arrived", "cancelled", "completed", "ready", "lost", "probe", "timer", "turned-away",
        "draining",
        "granted", "held", "limited", "queue-limited", "preferred", "variant",
    ]
    private static let arrivalKeys = [
        "class", "due", "rows", "bytes", "shape", "tenant", "length", "supersedes", "exact",
        "modality", "followed",
    ]

    /// Reads what ``TextWriter/write(_:since:)`` wrote.
    init(_ line: ArraySlice<UInt8>, since origin: Instant) throws(LineProblem) {
        var scanner = LineScanner(line)
        let offset = try scanner.word("the time").number("the time")
        let at = Instant(nanoseconds: origin.nanoseconds &+ offset)
        let name = try scanner.word("the event")
        switch name.text {
        case "arrived":
            self.init(at: at, .arrived(try Self.arrival(&scanner, at: at)))
        case "cancelled":
            self.init(at: at, .cancelled(try scanner.word("a request").requestID()))
        case "completed":
            self.init(at: at, try Self.completed(&scanner))
        case "ready":
            self.init(at: at, .instanceReady(try Self.instance(&scanner)))
        case "lost":
            self.init(at: at, .instanceLost(try Self.instance(&scanner)))
        case "probe":
            self.init(at: at, .probe(try Self.instance(&scanner)))
        case "timer":
            self.init(at: at, .timerFired)
        case "turned-away":
            self.init(at: at, try Self.turnedAway(&scanner))
        case "draining":
            self.init(at: at, .draining)
        case "granted":
            self.init(at: at, try Self.granted(&scanner))
        case "held":
            self.init(at: at, try Self.held(&scanner, at: at))
        case "limited":
            let rows = try scanner.word("a limit").number("the limit", in: TraceLimits.rows)
            self.init(at: at, .limited(rows: rows))
        case "queue-limited":
            let most = try scanner.word("a limit").number("the limit", in: TraceLimits.rows)
            self.init(at: at, .queueLimited(requests: most))
        case "preferred":
            let variant = try scanner.word("a variant")
                .number("the variant", in: TraceLimits.positions)
            self.init(at: at, .preferred(VariantIndex(variant)))
        case "variant":
            self.init(at: at, try Self.variant(&scanner))
        default:
            throw LineProblem(
                "unknown event \(name.quoted); allowed: \(Self.names.joined(separator: ", "))")
        }
        try scanner.end()
    }

    private static func instance(_ scanner: inout LineScanner) throws(LineProblem) -> InstanceID {
        InstanceID(
            try scanner.word("an instance").number("the instance", in: TraceLimits.positions))
    }

    private static func completed(_ scanner: inout LineScanner) throws(LineProblem) -> Event {
        let instance = try instance(&scanner)
        guard let result = scanner.next() else { return .completed(instance, .success) }
        guard result.text == "failure" else {
            throw LineProblem("the result is \(result.quoted); allowed: failure, or nothing")
        }
        return .completed(instance, .failure)
    }

    private static func turnedAway(_ scanner: inout LineScanner) throws(LineProblem) -> Event {
        var priorityClass = ClassIndex(0)
        var rows = 1
        try scanner.fields(["class", "rows"]) { key, value throws(LineProblem) in
            if key == "rows" {
                rows = try value.number(key, in: TraceLimits.rows)
            } else {
                priorityClass = ClassIndex(try value.number(key, in: TraceLimits.positions))
            }
        }
        return .turnedAway(priorityClass, rows: rows)
    }

    private static func arrival(
        _ scanner: inout LineScanner, at: Instant
    ) throws(LineProblem) -> Arrival {
        var arrival = Arrival(
            id: try scanner.word("a request").requestID(), priorityClass: ClassIndex(0),
            deadline: .distantFuture)
        try scanner.fields(arrivalKeys) { key, value throws(LineProblem) in
            switch key {
            case "class":
                arrival.priorityClass = ClassIndex(
                    try value.number(key, in: TraceLimits.positions))
            case "due": arrival.deadline = try value.instant(key, from: at)
            case "rows": arrival.rows = try value.number(key, in: TraceLimits.rows)
            case "bytes": arrival.bytes = try value.number(key, in: TraceLimits.bytes)
            case "shape": arrival.shape = ShapeID(try value.number(key))
            case "tenant":
                arrival.tenant = TenantID(
                    UInt32(try value.number(key, in: 0...Int(UInt32.max))))
            case "length": arrival.length = try value.number(key, in: TraceLimits.length)
            case "supersedes": arrival.supersedes = SupersedeKey(try value.number(key))
            case "exact": arrival.allowsCheaperVariant = !(try value.mark(key))
            case "modality":
                arrival.modality = ModalityIndex(
                    try value.number(key, in: TraceLimits.positions))
            default: arrival.isFollowed = try value.mark(key)
            }
        }
        return arrival
    }

    private static func granted(_ scanner: inout LineScanner) throws(LineProblem) -> Event {
        let instance = try instance(&scanner)
        var grant = Grant(rows: 0)
        try scanner.fields(["rows", "longest", "lesser"]) { key, value throws(LineProblem) in
            switch key {
            case "rows": grant.rows = try value.number(key, in: 0...Int.max)
            case "longest": grant.longest = Interval(nanoseconds: try value.number(key))
            default: grant.lesser = ClassIndex(try value.number(key, in: TraceLimits.positions))
            }
        }
        return .granted(instance, grant)
    }

    private static func held(
        _ scanner: inout LineScanner, at: Instant
    ) throws(LineProblem) -> Event {
        let instance = try instance(&scanner)
        var until = Instant.distantFuture
        try scanner.fields(["until"]) { key, value throws(LineProblem) in
            until = try value.instant(key, from: at)
        }
        return .held(instance, until: until)
    }

    private static func variant(_ scanner: inout LineScanner) throws(LineProblem) -> Event {
        let variant = try scanner.word("a variant").number("the variant", in: TraceLimits.positions)
        let state = try scanner.word("loaded or unloaded")
        guard state.text == "loaded" || state.text == "unloaded" else {
            throw LineProblem("the variant is \(state.quoted); allowed: loaded, unloaded")
        }
        return .variant(VariantIndex(variant), isResident: state.text == "loaded")
    }
}

extension Word {
    /// A time by its distance from another.
    func instant(_ what: String, from now: Instant) throws(LineProblem) -> Instant {
        let magnitude = Word(bytes: bytes.dropFirst()).digits
        if bytes.first == UInt8(ascii: "+"), let magnitude, magnitude <= .max - now.nanoseconds {
            return Instant(nanoseconds: now.nanoseconds + magnitude)
        }
        if bytes.first == UInt8(ascii: "-"), let magnitude, magnitude <= now.nanoseconds {
            return Instant(nanoseconds: now.nanoseconds - magnitude)
        }
        throw LineProblem("\(what) is \(quoted); allowed: + or - and nanoseconds from the event")
    }

    /// A key that stands for itself.
    func mark(_ key: String) throws(LineProblem) -> Bool {
        guard bytes.isEmpty else {
            throw LineProblem("\(key) has the value \(quoted); allowed: no value")
        }
        return true
    }
}
