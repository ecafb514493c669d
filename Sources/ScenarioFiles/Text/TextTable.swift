/// A table for a terminal: columns as wide as they need to be, numbers to the right.
struct TextTable {
    /// How a cell looks where colours are shown.
    enum Tone: Sendable {
        case plain, strong, good, bad, faint
    }

    struct Cell {
        var text: String
        var tone: Tone

        init(_ text: String, _ tone: Tone = .plain) {
            self.text = text
            self.tone = tone
        }
    }

    struct Column {
        var title: String
        var isNumber: Bool

        init(_ title: String, isNumber: Bool = true) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    var columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; missing cells at its end stay empty.
    mutating func add(_ cells: [Cell]) {
        precondition(cells.count <= columns.count, "a row is wider than its table")
        rows.append(cells + Array(repeating: Cell(""), count: columns.count - cells.count))
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The lines, each starting with `indent`.
    func lines(isColoured: Bool, indent: String = "  ") -> [String] {
        let widths = columns.indices.map { column in
            max(columns[column].title.count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        // A column in which nothing stands is not shown.
        let shown = columns.indices.filter { column in
            columns[column].title.isEmpty == false || rows.contains { !$0[column].text.isEmpty }
        }
        let header = shown.map { Cell(columns[$0].title, .faint) }
        return ([header] + rows.map { row in shown.map { row[$0] } }).map { cells in
            var line = indent
            for (index, cell) in cells.enumerated() {
                let column = shown[index]
                let padding = String(repeating: " ", count: widths[column] - cell.text.count)
                let text = Self.paint(cell.text, isColoured ? cell.tone : .plain)
                line += columns[column].isNumber ? padding + text : text + padding
                if index < cells.count - 1 { line += "  " }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    /// The text in the colours of a terminal.
    static func paint(_ text: String, _ tone: Tone) -> String {
        guard !text.isEmpty else { return text }
        switch tone {
        case .plain: return text
        case .strong: return "\u{1B}[1m\(text)\u{1B}[0m"
        case .good: return "\u{1B}[32m\(text)\u{1B}[0m"
        case .bad: return "\u{1B}[31m\(text)\u{1B}[0m"
        case .faint: return "\u{1B}[2m\(text)\u{1B}[0m"
        }
    }
}
