internal import COnnxRuntime
internal import EngineAPI

/// A status of ONNX Runtime that is not success.
struct OrtFailure: Error {
    /// ONNX Runtime's own numbers for kinds of failure; those that Headway tells apart.
    enum Code {
        static let invalidArgument: Int32 = 2
    }

    let code: Int32
    let message: String

    /// Whether memory ran out. ONNX Runtime has no code for that, so the text decides.
    var isOutOfMemory: Bool {
        ["bad_alloc", "Failed to allocate memory", "bad array new length", "Available memory of"]
            .contains { message.contains($0) }
    }

    /// The failure of a run, as the caller sees it.
    func runError(of model: String) -> EngineError {
        let kind: EngineError.Kind =
            isOutOfMemory
            ? .outOfMemory : code == Code.invalidArgument ? .invalidInput : .failed
        return EngineError(kind, "model '\(model)': \(message)")
    }
}

/// ONNX Runtime's table of functions.
///
/// The guard behind the unchecked conformance: the table is constant and never unloaded.
struct OrtAPI: @unchecked Sendable {
    let table: cort_api

    /// Takes over `status`: throws what it says, and releases it.
    @inline(__always)
    func check(_ status: OpaquePointer?) throws(OrtFailure) {
        if let status { throw failure(takingOver: status) }
    }

    /// What `status` says. Releases it.
    @inline(never)
    func failure(takingOver status: OpaquePointer) -> OrtFailure {
        defer { cort_release_status(table, status) }
        let message = cort_error_message(table, status).map { String(cString: $0) }
        return OrtFailure(
            code: cort_error_code(table, status), message: message ?? "no reason given")
    }

    /// Makes an object with a function that reports a status and writes a pointer.
    func make(
        releasedBy index: Int, _ create: (UnsafeMutablePointer<OpaquePointer?>) -> OpaquePointer?
    ) throws(OrtFailure) -> OrtHandle {
        var pointer: OpaquePointer?
        try check(create(&pointer))
        guard let pointer else {
            throw OrtFailure(code: 1, message: "ONNX Runtime returned no object")
        }
        return OrtHandle(pointer, api: self, releasedBy: index)
    }
}

/// An object of ONNX Runtime that is released with the last reference to it.
///
/// The guard behind the unchecked conformance is ONNX Runtime: what Headway shares between threads
/// (environment, session, memory description, tensors that are only read) is safe to use and to
/// release on any thread.
final class OrtHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let api: OrtAPI
    private let index: Int

    /// Takes over `pointer`, to be released by entry `index` of the table.
    init(_ pointer: OpaquePointer, api: OrtAPI, releasedBy index: Int) {
        self.pointer = pointer
        self.api = api
        self.index = index
    }

    deinit {
        cort_release(api.table, Int32(index), UnsafeMutableRawPointer(pointer))
    }
}
