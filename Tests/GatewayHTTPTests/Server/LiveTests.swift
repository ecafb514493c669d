import GatewayCore
import GatewayHTTP
import ServingRuntime
import Testing

@Suite("A live server", .timeLimit(.minutes(1)))
struct LiveTests {
    private static let quick = ["quick": ""]
    private static let slow = "parameters { key: \"base_us\" value { string_value: \"30000\" } }"
    private static let both = ["quick": "", "slow": slow]

    /// Requests of all kinds with the status and a part of the body of their answers.
    private static let script: [(request: String, status: Int, part: String)] = (0..<4).flatMap {
        number in
        [
            (
                LiveRequest.infer(number == 1 ? "slow" : "quick", (number, 7), id: "n\(number)"),
                200,
                #""id":"n\#(number)","outputs":[{"name":"y","datatype":"INT32","shape":[1,2],"data":[\#(number),7]}]"#
            ),
            (LiveRequest.text("GET", "/v2/health/live"), 200, ""),
            (LiveRequest.infer("unknown"), 404, "'unknown'"),
            (LiveRequest.text("POST", "/v2/models/quick/infer", "{}"), 400, "'inputs'"),
            (LiveRequest.text("GET", "/v2/models/quick"), 200, #""name":"quick""#),
            (LiveRequest.text("DELETE", "/v2/models/quick/infer"), 405, "POST"),
            (LiveRequest.text("POST", "/v2/repository/index", "{\"ready\":true}"), 200, "READY"),
        ]
    }

    private func check(_ connection: LiveConnection) throws {
        for (index, entry) in Self.script.enumerated() {
            let answer = try connection.answer()
            #expect(answer.status == entry.status, "\(index): \(answer.body)")
            #expect(
                entry.part.isEmpty || answer.body.contains(entry.part), "\(index): \(answer.body)")
            #expect(answer.fields["x-request-id"]?.isEmpty == false)
        }
    }

    @Test("Pipelined requests of all kinds are answered in order, however their bytes arrive")
    func pipelining() async throws {
        let bytes = Array(Self.script.map(\.request).joined().utf8)
        try await LiveServer.run(Self.both) { server in
            for seed in 0..<12 {
                try await server.connected { connection in
                    var generator = SeededGenerator(seed: seed)
                    var rest = bytes[...]
                    while !rest.isEmpty {
                        let most = seed == 0 ? rest.count : seed < 4 ? 40 : 1_500
                        let part = rest.prefix(generator.pick((seed == 0 ? most : 1)...most))
                        try connection.send(Array(part))
                        rest = rest.dropFirst(part.count)
                    }
                    try check(connection)
                }
            }
        }
    }

    @Test("A last answer that waits for its turn is not lost, nor are those before it")
    func lastAnswer() async throws {
        try await LiveServer.run(Self.both) { server in
            try await server.connected { connection in
                try connection.send(
                    LiveRequest.infer("slow", (4, 5))
                        + LiveRequest.text("GET", "/v2/models/quick", "", "Connection: close\r\n"))
                #expect(try connection.answer().body.contains("[4,5]"))
                #expect(try connection.answer().body.contains("\"quick\""))
                #expect(try connection.isClosed())
            }
        }
    }

    @Test("A client that sends more than it reads gets every answer, whole and in order")
    func moreSentThanRead() async throws {
        let width = 6_000
        let long = LiveServer.echo.replacing("dims: [ 2 ]", with: "dims: [ \(width) ]")
        let numbers = (0..<240).map { number in
            (0..<width).map { "\(number * 1_000 + $0)" }.joined(separator: ",")
        }
        // Small answers between the large ones, some of them by the router.
        let requests = numbers.enumerated().map { index, data in
            let body = LiveRequest.body(data, shape: [1, width], id: "n\(index)")
            return LiveRequest.text("POST", "/v2/models/quick/infer", body)
                + (index % 3 == 0 ? LiveRequest.infer("unknown") : "")
                + (index % 8 == 0 ? LiveRequest.text("GET", "/v2/models/quick") : "")
        }
        let bytes = Array(requests.joined().utf8)
        try await LiveServer.run(Self.quick, interface: long) { server in
            try await server.connected(receiveBytes: 32_768) { connection in
                var rest = bytes[...]
                for (index, data) in numbers.enumerated() {
                    rest = rest.dropFirst(try connection.sendNow(rest))
                    let answer = try connection.answer()
                    #expect(answer.status == 200, "\(index): \(answer.body.prefix(200))")
                    #expect(answer.body.contains(#""id":"n\#(index)""#))
                    #expect(answer.body.contains("[\(data)]"), "numbers of \(index)")
                    if index % 3 == 0 { #expect(try connection.answer().status == 404) }
                    if index % 8 == 0 { #expect(try connection.answer().status == 200) }
                }
                #expect(rest.isEmpty)
            }
        }
    }

    @Test("Answers to HEAD have a length and no body")
    func head() async throws {
        try await LiveServer.run(Self.quick) { server in
            try await server.connected { connection in
                try connection.send(LiveRequest.text("HEAD", "/v2"))
                try connection.send(LiveRequest.text("GET", "/v2"))
                let head = try connection.answer(toHead: true)
                let full = try connection.answer()
                #expect(head.status == 200)
                #expect(head.fields["content-length"] == "\(full.body.utf8.count)")
                #expect(full.body.contains("\"headway\""))
            }
        }
    }

    @Test("Wrong methods and wrong paths are told apart, and answered in JSON")
    func wrongRoutes() async throws {
        let expected: [(String, String, Int, String?)] = [
            ("GET", "/v2/models/quick/infer", 405, "POST"),
            ("GET", "/v2/models/quick/versions/1/infer", 405, "POST"), ("POST", "/v2", 405, "GET"),
            ("POST", "/", 405, "GET"), ("GET", "/nothing", 404, nil), ("PUT", "/v2/x", 404, nil),
            ("POST", "/v2/models/quick/infer/", 404, nil), ("GET", "/v2/models//infer", 404, nil),
            ("POST", "/v2/models/quick/versions/7/infer", 404, nil),
            ("POST", "/v2/models/quick/versions/0/infer", 400, nil),
            ("POST", "/v2/models/quick/versions/%zz/infer", 404, nil),
        ]
        try await LiveServer.run(Self.quick) { server in
            try await server.connected { connection in
                for (method, path, status, allow) in expected {
                    try connection.send(LiveRequest.text(method, path, "{}"))
                    let answer = try connection.answer()
                    #expect(answer.status == status, "\(method) \(path)")
                    #expect(answer.fields["allow"] == allow, "\(method) \(path)")
                    #expect(answer.body.hasPrefix("{\"error\":\""), "\(method) \(path)")
                    #expect(answer.fields["content-type"] == "application/json")
                }
            }
        }
    }

    @Test("The metrics port serves metrics and no inference")
    func metricsPort() async throws {
        try await LiveServer.run(Self.quick) { server in
            try await server.connected(toMetrics: true) { connection in
                try connection.send(LiveRequest.infer("quick"))
                #expect(try connection.answer().status == 404)
                try connection.send(LiveRequest.text("GET", "/metrics"))
                let answer = try connection.answer()
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"]?.hasPrefix("text/plain") == true)
                #expect(answer.body.contains("model=\"quick\""))
            }
        }
    }

    @Test("A body over the limit is refused before it is read, and the connection ends")
    func tooLarge() async throws {
        let limit = LiveServer.maxBodyBytes
        try await LiveServer.run(Self.quick) { server in
            let path = "/v2/models/quick/infer"
            try await server.connected { connection in
                try connection.send(
                    "POST \(path) HTTP/1.1\r\nHost: t\r\nContent-Length: \(limit + 1)\r\n\r\nxxx")
                let answer = try connection.answer()
                #expect(answer.status == 413)
                #expect(answer.fields["connection"] == "close")
                #expect(try connection.isClosed())
            }
            try await server.connected { connection in
                try connection.send(
                    "POST \(path) HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = String(repeating: " ", count: limit / 2 + 1)
                let size = String(chunk.utf8.count, radix: 16)
                try connection.send("\(size)\r\n\(chunk)\r\n\(size)\r\n\(chunk)\r\n")
                #expect(try connection.answer().status == 413)
                #expect(try connection.isClosed())
            }
        }
    }

    @Test("Connections stay open unless a client or its version of HTTP says otherwise")
    func keepAlive() async throws {
        try await LiveServer.run(Self.quick) { server in
            for request in [LiveRequest.infer("quick"), LiveRequest.text("GET", "/v2")] {
                let closing = request.replacing(
                    "Host: t\r\n", with: "Host: t\r\nConnection: close\r\n")
                for last in [closing, request.replacing("HTTP/1.1", with: "HTTP/1.0")] {
                    try await server.connected { connection in
                        for _ in 0..<3 {
                            try connection.send(request)
                            let answer = try connection.answer()
                            #expect(answer.status == 200)
                            #expect(answer.fields["connection"]?.lowercased() != "close")
                        }
                        try connection.send(last)
                        #expect(try connection.answer().status == 200)
                        #expect(try connection.isClosed())
                    }
                }
            }
        }
    }

    @Test(
        "Requests that could be read in two ways are refused, and what follows them is not read",
        arguments: [
            "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: +5\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length : 5\r\n",
            "Content-Length: 5\r\n X: folded\r\n", "X(Y: z\r\n",
            "Content-Length: 18446744073709551617\r\n",
        ])
    func smuggling(fields: String) async throws {
        try await LiveServer.run(Self.quick) { server in
            for path in ["/v2/models/quick/infer", "/v2/repository/index"] {
                try await server.connected { connection in
                    try connection.send("POST \(path) HTTP/1.1\r\nHost: t\r\n\(fields)\r\n")
                    try connection.send(LiveRequest.text("GET", "/v2"))
                    #expect(try connection.answer().status == 400, "\(path)")
                    #expect(try connection.isClosed(), "\(path)")
                }
            }
        }
    }

    @Test("A head that comes again and again is judged by what is there at the time")
    func repeatedHeads() async throws {
        try await LiveServer.run(Self.both) { server in
            @Sendable func ask(_ numbers: (Int, Int), _ fields: String = "") async throws
                -> LiveConnection.Answer
            {
                try await server.connected { connection in
                    var last: LiveConnection.Answer?
                    // More heads than are remembered, and the wanted one at the end.
                    for other in 0..<6 {
                        try connection.send(
                            LiveRequest.infer("quick", (0, other), id: "", "A: \(other)\r\n"))
                        #expect(try connection.answer().body.contains("[0,\(other)]"))
                        try connection.send(LiveRequest.infer("quick", numbers, id: "", fields))
                        last = try connection.answer()
                    }
                    return try #require(last)
                }
            }
            #expect(try await ask((1, 2)).body.contains("[1,2]"))
            #expect(try await ask((3, 4)).body.contains("[3,4]"))
            let named = try await ask((5, 6), "x-request-id: mine\r\n")
            #expect(named.fields["x-request-id"] == "mine")
            #expect(try await ask((5, 6)).fields["x-request-id"] != "mine")
            #expect(try await ask((5, 6), "x-headway-class: none\r\n").status == 400)
            try await server.manager.load("quick")
            #expect(try await ask((7, 8)).body.contains("[7,8]"))
        }
    }

    @Test("A model that is gone is not found by a head that found it before")
    func repeatedHeadOfUnloaded() async throws {
        try await LiveServer.run(Self.both) { server in
            let request = LiveRequest.infer("quick", (1, 2))
            let ask = {
                try await server.connected { connection in
                    try connection.send(request)
                    return try connection.answer().status
                }
            }
            #expect(try await ask() == 200)
            #expect(try await ask() == 200)
            try await server.manager.unload("quick")
            #expect(try await ask() == 503)
            try await server.manager.load("quick")
            #expect(try await ask() == 200)
        }
    }

    @Test("The best classes are told with value and index, whole numbers as whole numbers")
    func classification() async throws {
        try await LiveServer.run(Self.quick) { server in
            try await server.connected { connection in
                let wish = #","outputs":[{"name":"y","parameters":{"classification":2}}]"#
                try connection.send(
                    LiveRequest.text(
                        "POST", "/v2/models/quick/infer", LiveRequest.body((-3, 40), wish)))
                let answer = try connection.answer()
                #expect(
                    answer.body.contains(
                        #""datatype":"BYTES","shape":[1,2],"data":["40:1","-3:0"]"#))
            }
        }
    }

    @Test("A server that stops answers what it has begun, says so, and closes")
    func drain() async throws {
        try await LiveServer.run(Self.both) { server in
            async let last = server.connected { connection in
                try connection.send(LiveRequest.infer("slow", (4, 5)))
                let answer = try connection.answer()
                return (answer.status, answer.body, try connection.isClosed())
            }
            let handle = try server.manager.catalog.find("slow")
            // On a busy machine it may be over already: the connection must end all the same.
            while handle.served.load.inFlight == 0, handle.served.statistics.executions == 0,
                !Task.isCancelled
            {
                await Task.yield()
            }
            await server.stop()
            let (status, body, isClosed) = try await last
            #expect(status == 200)
            #expect(body.contains("[4,5]"))
            #expect(isClosed)
        }
    }
}
