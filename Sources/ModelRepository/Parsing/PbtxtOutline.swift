/// The fields of a protobuf text with their places.
///
/// SwiftProtobuf decides what is valid; its text errors carry neither place nor field, so this
/// outline, which knows brackets and names but no schema, is made when there is an error to report.
struct PbtxtOutline {
    /// One field, or one element of a list.
    struct Entry {
        /// The field's name in the text.
        let name: Range<Int>
        /// The entry of the enclosing message; `nil` at the top.
        let parent: Int?
        /// Position among the values of the same field of the same message; `nil` for a list as a whole.
        let ordinal: Int?
        /// Where to point at: the name, or the element of a list.
        let start: Int
        /// End of the text that has been read with this entry; ascending from entry to entry. For
        /// messages the opening bracket, for entries of maps, which are not looked into, the end.
        var end: Int
        /// The innermost bracket that is open at ``end``.
        let frame: Int?
    }

    /// An opened bracket.
    struct Frame {
        let closer: UInt8
        let parent: Int?
        let offset: Int
    }

    /// The place at which the text stops being an outline of anything, and why.
    struct Stop {
        let offset: Int
        let reason: String
    }

    /// Depth at which the scan gives up; the schema's own depth is below ten.
    static let depthLimit = 64

    var entries: [Entry] = []
    var frames: [Frame] = []
    var stop: Stop?

    /// The text that closes every bracket open at the end of `entry`, innermost first.
    func closers(of entry: Entry) -> [UInt8] {
        var closers: [UInt8] = []
        var frame = entry.frame
        while let index = frame {
            closers.append(frames[index].closer)
            frame = frames[index].parent
        }
        return closers
    }

    /// The path of an entry. The outline cannot tell repeated fields from others, so a first value
    /// has a position only for the fields that people repeat.
    func path(of index: Int, in source: ConfigurationSource) -> FieldPath {
        var steps: [(String, Int?)] = []
        var next: Int? = index
        while let current = next {
            let entry = entries[current]
            let name = source.text(entry.name)
            let isRepeated = Self.repeatedNames.contains(name) || (entry.ordinal ?? 0) > 0
            steps.append((name, isRepeated ? entry.ordinal : nil))
            next = entry.parent
        }
        return steps.reversed().reduce(.root) { path, step in path.field(step.0, step.1) }
    }

    private static let repeatedNames: Set<String> = [
        "input", "output", "instance_group", "model_warmup", "batch_input", "batch_output", "step",
    ]
}
