import GatewayHTTP
import ServingModel

/// Hands a scanner over `bytes` to `body`; nothing beyond them can be read.
func scanning<Value>(
    _ bytes: some Sequence<UInt8>, _ body: (inout JSONScanner) throws -> Value
) throws -> Value {
    let bytes = Array(bytes)
    let memory = GuardedMemory(capacity: bytes.count)
    defer { withExtendedLifetime(memory) {} }
    var scanner = JSONScanner(memory.place(bytes))
    return try body(&scanner)
}

/// Hands a scanner over the UTF-8 of `text` to `body`.
func scanning<Value>(
    _ text: String, _ body: (inout JSONScanner) throws -> Value
) throws -> Value {
    try scanning(text.utf8, body)
}

/// Reads a whole text as one value.
func reading<Value>(
    _ text: String, _ body: (inout JSONScanner) throws -> Value
) throws -> Value {
    try scanning(text) { scanner in
        let value = try body(&scanner)
        try scanner.expectEnd()
        return value
    }
}

/// The message of the error that `body` throws; `nil` when it throws none.
func message(of body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch let error as ServingError {
        return error.message
    } catch {
        return "not a serving error: \(error)"
    }
}
