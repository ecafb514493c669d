extension ProcessFamily {
    /// What connections hold and were denied.
    static let connections: [ProcessFamily] = [
        ProcessFamily("headway_connections", .gauge, "Connections that are open") {
            if let figures = $0.connections { $1.add(int: figures.open) }
        },
        ProcessFamily(
            "headway_incoming_body_bytes", .gauge,
            "Bytes of request bodies that are not whole yet, but for the first 16 KiB of each"
        ) {
            if let figures = $0.connections { $1.add(int: figures.bodyBytes) }
        },
        ProcessFamily(
            "headway_streams", .gauge, "Answers with generated text that are under way"
        ) {
            if let figures = $0.connections { $1.add(int: figures.streams) }
        },
        ProcessFamily(
            "headway_connections_cut_total", .counter, labels: ["cause"],
            "Connections that were cut: a request came too slowly (slow_sender), or an answer was not "
                + "taken (slow_reader)"
        ) { figures, samples in
            guard let connections = figures.connections else { return }
            for cause in ConnectionFigures.Cut.allCases {
                samples.add([cause.rawValue], int: connections.cut[cause] ?? 0)
            }
        },
        ProcessFamily(
            "headway_requests_refused_total", .counter, labels: ["cause"],
            "Requests that were refused before any model saw them, because too many bytes of bodies were "
                + "coming in (bodies), or too many answers were under way (streams)"
        ) { figures, samples in
            guard let connections = figures.connections else { return }
            for cause in ConnectionFigures.Refusal.allCases {
                samples.add([cause.rawValue], int: connections.refused[cause] ?? 0)
            }
        },
    ]
}
