import Foundation

/// An HTTP connection made of nothing but a socket, so that tests decide about every byte. Blocks.
final class LiveConnection {
    /// An answer.
    struct Answer {
        var status: Int
        /// Fields by name in lower case.
        var fields: [String: String]
        var body: String
    }

    /// What went wrong with a connection.
    struct Failure: Error {
        var reason: String
    }

    private let socket: Int32
    private var received: [UInt8] = []

    /// Connects to this machine. With few `receiveBytes` little is on its way that was not read yet.
    init(port: Int, receiveBytes: Int32? = nil) throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBytes {
            setsockopt(
                socket, SOL_SOCKET, SO_RCVBUF, &receiveBytes,
                socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(reason: "cannot connect: \(errno)") }
    }

    deinit { close(socket) }

    /// Sends bytes as they are.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(reason: "cannot send: \(errno)") }
            sent += count
        }
    }

    /// Sends of `bytes` what the system takes at once, and says how many.
    func sendNow(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let count = bytes.withUnsafeBytes {
            Foundation.send(
                socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        guard count >= 0 || errno == EAGAIN else { throw Failure(reason: "cannot send: \(errno)") }
        return max(count, 0)
    }

    /// Sends text as it is.
    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Reads one answer.
    func answer(toHead: Bool = false) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        var headLength: Int?
        while headLength == nil {
            if let index = received.indices.first(where: { received[$0...].starts(with: end) }) {
                headLength = index + end.count
            } else if try !receive() {
                throw Failure(
                    reason: "closed in the head: \(String(decoding: received, as: UTF8.self))")
            }
        }
        let head = String(decoding: received.prefix(headLength ?? 0), as: UTF8.self)
        received.removeFirst(headLength ?? 0)
        var lines = head.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
        var fields: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        if fields["transfer-encoding"] == "chunked", !toHead {
            return Answer(status: status, fields: fields, body: try chunks())
        }
        let length = toHead ? 0 : Int(fields["content-length"] ?? "0") ?? 0
        while received.count < length {
            guard try receive() else { throw Failure(reason: "closed in the body") }
        }
        let body = String(decoding: received.prefix(length), as: UTF8.self)
        received.removeFirst(length)
        return Answer(status: status, fields: fields, body: body)
    }

    /// Waits until `text` has come, in whatever form the answer has, and returns all up to its end.
    func wait(for text: String) throws -> String {
        let end = Array(text.utf8)
        var searched = 0
        while true {
            let rest = received.indices.dropFirst(searched)
            if let index = rest.first(where: { received[$0...].starts(with: end) }) {
                defer { received.removeFirst(index + end.count) }
                return String(decoding: received[..<(index + end.count)], as: UTF8.self)
            }
            searched = max(received.count - end.count + 1, 0)
            guard try receive() else { throw Failure(reason: "closed before '\(text)'") }
        }
    }

    /// Reads a body in chunks.
    private func chunks() throws -> String {
        var body = ""
        while true {
            let length = Int(try wait(for: "\r\n").dropLast(1), radix: 16) ?? 0
            while received.count < length + 2 {
                guard try receive() else { throw Failure(reason: "closed in a chunk") }
            }
            body += String(decoding: received.prefix(length), as: UTF8.self)
            received.removeFirst(length + 2)
            if length == 0 { return body }
        }
    }

    /// Whether the server closes the connection without another byte.
    func isClosed() throws -> Bool {
        guard received.isEmpty else { return false }
        return try !receive()
    }

    /// Reads what has come; false at the end.
    private func receive() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        // Closing while bytes are unread resets a connection: the end of it all the same.
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failure(reason: "nothing came: \(errno)") }
        received += buffer[..<count]
        return count > 0
    }
}

/// Requests as text.
enum LiveRequest {
    /// A request with a length, unless it has no body.
    static func text(
        _ method: String, _ path: String, _ body: String = "", _ fields: String = ""
    ) -> String {
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        return "\(method) \(path) HTTP/1.1\r\nHost: t\r\n\(length)\(fields)\r\n\(body)"
    }

    /// The body of an infer request.
    static func body(_ numbers: (Int, Int), id: String = "", _ rest: String = "") -> String {
        body("\(numbers.0),\(numbers.1)", shape: [1, 2], id: id, rest)
    }

    /// The body of an infer request, of numbers written already.
    static func body(
        _ numbers: String, shape: [Int], id: String = "", _ rest: String = ""
    ) -> String {
        #"{"id":"\#(id)","inputs":[{"name":"x","shape":\#(shape),"datatype":"INT32","#
            + #""data":[\#(numbers)]}]\#(rest)}"#
    }

    /// An infer request.
    static func infer(
        _ model: String, _ numbers: (Int, Int) = (1, 2), id: String = "", _ fields: String = ""
    ) -> String {
        text("POST", "/v2/models/\(model)/infer", body(numbers, id: id), longDeadline + fields)
    }

    private static let longDeadline = "x-headway-deadline-ms: 20000\r\n"
}
