/// Makes the ``PbtxtOutline`` of a text in one pass, without recursion.
struct PbtxtScanner {
    /// What is known about an open bracket while inside it.
    private struct Level {
        let frame: Int?
        /// The entry that the fields inside belong to.
        let owner: Int?
        /// The list field, when the bracket is that of a list.
        let list: Range<Int>?
        /// Whether the bracket belongs to an entry of a map, or is inside one.
        var isInMap = false
        /// Values seen so far of each field of this message.
        var counts: [String: Int] = [:]
    }

    private let bytes: [UInt8]
    private var position = 0
    private var levels = [Level(frame: nil, owner: nil, list: nil)]
    private var outline = PbtxtOutline()

    private init(_ source: ConfigurationSource) {
        bytes = source.bytes
    }

    /// The outline of `source`, up to the place where it stops making sense.
    static func outline(of source: ConfigurationSource) -> PbtxtOutline {
        var scanner = PbtxtScanner(source)
        while scanner.outline.stop == nil, scanner.skipBlanks() {
            scanner.step()
        }
        if scanner.outline.stop == nil, let frame = scanner.levels.last?.frame {
            let opened = scanner.outline.frames[frame]
            scanner.outline.stop = PbtxtOutline.Stop(
                offset: opened.offset, reason: "the bracket opened here is never closed")
        }
        if scanner.levels[scanner.levels.count - 1].isInMap {
            scanner.outline.entries.removeLast()
        }
        return scanner.outline
    }

    /// Reads one closing bracket, separator, field or list element.
    private mutating func step() {
        let byte = bytes[position]
        let level = levels[levels.count - 1]
        if byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") {
            position += 1
        } else if Self.isCloser(byte) {
            if let frame = level.frame, outline.frames[frame].closer == byte {
                position += 1
                levels.removeLast()
                if level.isInMap, !levels[levels.count - 1].isInMap {
                    outline.entries[outline.entries.count - 1].end = position
                }
            } else {
                halt("this bracket closes nothing that is open")
            }
        } else if let list = level.list {
            value(of: list, start: position, isElement: true)
        } else {
            field()
        }
    }

    private mutating func field() {
        let start = position
        if bytes[position] == UInt8(ascii: "[") {
            skip { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "\n") }
            if position < bytes.count { position += 1 }
        } else {
            skip(while: Self.isNameByte)
        }
        let name = start..<position
        if name.isEmpty {
            return halt("a field name is expected here")
        }
        var hasValue = skipBlanks()
        if hasValue, bytes[position] == UInt8(ascii: ":") {
            position += 1
            hasValue = skipBlanks()
        }
        if hasValue {
            value(of: name, start: start, isElement: false)
        } else {
            position = start
            halt("this field has no value")
        }
    }

    /// Reads the value of a field, or one element of its list, up to the first bracket it opens.
    private mutating func value(of name: Range<Int>, start: Int, isElement: Bool) {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "{"):
            open(closer: UInt8(ascii: "}"), name, start, isElement, isList: false)
        case UInt8(ascii: "<"):
            open(closer: UInt8(ascii: ">"), name, start, isElement, isList: false)
        case UInt8(ascii: "[") where !isElement:
            open(closer: UInt8(ascii: "]"), name, start, isElement, isList: true)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if strings() { appendScalar(name, start, isElement) }
        default:
            let before = position
            skip(while: Self.isScalarByte)
            if position == before {
                halt("a value is expected here")
            } else {
                appendScalar(name, start, isElement)
            }
        }
    }

    /// Reads adjacent string literals; false when one is not closed.
    private mutating func strings() -> Bool {
        while position < bytes.count,
            bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
        {
            let quote = bytes[position]
            let start = position
            position += 1
            while position < bytes.count, bytes[position] != quote,
                bytes[position] != UInt8(ascii: "\n")
            {
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            if position >= bytes.count || bytes[position] != quote {
                position = start
                halt("this string is not closed on its line")
                return false
            }
            position += 1
            let end = position
            // Blanks between literals join them; blanks after the last one do not belong to it.
            if !skipBlanks() { break }
            if bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "'") {
                position = end
                break
            }
        }
        return true
    }

    private mutating func open(
        closer: UInt8, _ name: Range<Int>, _ start: Int, _ isElement: Bool, isList: Bool
    ) {
        let outer = levels[levels.count - 1]
        if levels.count > PbtxtOutline.depthLimit {
            return halt("nested deeper than any model configuration")
        }
        let frame = outline.frames.count
        outline.frames.append(
            PbtxtOutline.Frame(closer: closer, parent: outer.frame, offset: position))
        position += 1
        // A map entry counts when it is closed: half of one is never valid.
        let isInMap = outer.isInMap || (!isList && isMap(name, in: outer.owner))
        append(name, start, isElement, isList: isList, frame: isInMap ? outer.frame : frame)
        levels.append(
            Level(
                frame: frame, owner: isList ? outer.owner : outline.entries.count - 1,
                list: isList ? name : nil, isInMap: isInMap))
    }

    /// Whether a field is a map. This is all that the outline has to know of the schema.
    private func isMap(_ name: Range<Int>, in owner: Int?) -> Bool {
        switch String(decoding: bytes[name], as: UTF8.self) {
        case "cc_model_filenames", "input_map", "inputs", "metric_tags", "output_map", "parameters",
            "priority_queue_policy":
            true
        case "input":
            // At the top it is a list of messages, in the specification of a graph a map.
            owner != nil
        default:
            false
        }
    }

    private mutating func append(
        _ name: Range<Int>, _ start: Int, _ isElement: Bool, isList: Bool, frame: Int?
    ) {
        if levels[levels.count - 1].isInMap { return }
        // The elements of a list are counted where its field is: other values of it may follow.
        let counting = levels.count - (isElement ? 2 : 1)
        var ordinal: Int?
        if !isList {
            let text = String(decoding: bytes[name], as: UTF8.self)
            ordinal = levels[counting].counts[text, default: 0]
            levels[counting].counts[text, default: 0] += 1
        }
        outline.entries.append(
            PbtxtOutline.Entry(
                name: name, parent: levels[counting].owner, ordinal: ordinal, start: start,
                end: position, frame: frame))
    }

    private mutating func appendScalar(_ name: Range<Int>, _ start: Int, _ isElement: Bool) {
        append(
            name, start, isElement, isList: false, frame: levels[levels.count - 1].frame)
    }

    private mutating func halt(_ reason: String) {
        outline.stop = PbtxtOutline.Stop(offset: min(position, bytes.count), reason: reason)
    }
}

extension PbtxtScanner {
    /// Skips white space and comments; false at the end of the text.
    private mutating func skipBlanks() -> Bool {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), 0x09...0x0D:
                position += 1
            case UInt8(ascii: "#"):
                skip { $0 != UInt8(ascii: "\n") }
            default:
                return true
            }
        }
        return false
    }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while position < bytes.count, condition(bytes[position]) {
            position += 1
        }
    }

    private static func isCloser(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "}") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "]")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }

    private static func isScalarByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: ".")
    }
}
