/// One field of a record: its key and how it becomes a word and back.
struct Field<Root> {
    let key: String
    let write: (Root) -> String
    /// Sets the field; answers what is allowed when the word does not fit.
    let read: (inout Root, String) -> String?

    init<Value: TextValue>(_ key: String, _ path: WritableKeyPath<Root, Value>) {
        self.key = key
        write = { $0[keyPath: path].word }
        read = { root, word in
            guard let value = Value(word: word) else { return Value.form }
            root[keyPath: path] = value
            return nil
        }
    }
}

/// A record whose fields are listed in a table, so that writing, reading and the list of what is allowed
/// agree. A key that is missing means the value of the record that reading started with.
protocol TextRecord {
    static var fields: [Field<Self>] { get }
}

extension TextRecord {
    /// All fields as `key=value`, each with a leading blank.
    func write(to writer: inout TextWriter) {
        for field in Self.fields { writer.write(" \(field.key)=\(field.write(self))") }
    }

    /// Sets what the rest of the line names.
    mutating func read(_ scanner: inout LineScanner) throws(LineProblem) {
        let fields = Self.fields
        var copy = self
        try scanner.fields(fields.map(\.key)) { key, value throws(LineProblem) in
            guard let field = fields.first(where: { $0.key == key }) else { return }
            if let allowed = field.read(&copy, value.text) {
                throw LineProblem("\(key) is \(value.quoted); allowed: \(allowed)")
            }
        }
        self = copy
    }
}
