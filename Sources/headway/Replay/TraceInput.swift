internal import ArgumentParser
internal import Foundation
internal import Simulator
internal import TraceFormat

/// A trace on disk, read in chunks.
struct TraceInput {
    let path: String

    /// Whether it is one of our own recordings.
    let isRecording: Bool

    /// - Throws: An exit code, after having said why the file cannot be read.
    init(_ path: String) throws {
        self.path = path
        let beginning = try Self.read(try Self.open(path), 64, path)
        isRecording = String(decoding: beginning, as: UTF8.self).hasPrefix("headway-trace ")
    }

    /// The name without folders.
    var name: String { URL(filePath: path).lastPathComponent }

    /// The bytes from the beginning.
    func source() throws -> LineReader.Source {
        let handle = try Self.open(path)
        let path = path
        return { try Self.read(handle, 256 << 10, path) }
    }

    /// The arrivals that the trace holds; says which rows were left out because they are malformed.
    func arrivals(_ plan: TracePlan) throws -> ArrivalPlan.Process {
        try .recorded(plan, from: try source()) { rows, problems in
            for problem in problems.prefix(10) {
                Terminal.printError("\(path):\(problem.line): \(problem.message)")
            }
            Terminal.printError(
                "\(path): \(rows) malformed row\(rows == 1 ? " was" : "s were") left out")
        }
    }

    private static func open(_ path: String) throws -> FileHandle {
        do {
            return try FileHandle(forReadingFrom: URL(filePath: path))
        } catch {
            throw unreadable(path, error)
        }
    }

    private static func read(_ handle: FileHandle, _ count: Int, _ path: String) throws -> [UInt8] {
        do {
            return [UInt8](try handle.read(upToCount: count) ?? Data())
        } catch {
            throw unreadable(path, error)
        }
    }

    private static func unreadable(_ path: String, _ error: any Error) -> ExitCode {
        Terminal.printError("\(path): cannot be read: \(error.localizedDescription)")
        return ExitCode(66)
    }
}
