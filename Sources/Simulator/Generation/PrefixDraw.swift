internal import SchedulerCore
internal import ServingModel
internal import TraceFormat

/// Names the blocks of prompts, so that prompts that begin alike have equal names at the beginning.
struct PrefixDraw: Sendable {
    private let shared: SharedPrefixes?
    private let blockTokens: Int
    private let tokensPerRecordedBlock: Int
    /// Tokens of each shared prefix.
    private let lengths: [Int]
    private var random: Seeded

    init(_ plan: ArrivalPlan, blockTokens: Int, _ random: Seeded) {
        shared = plan.prefixes
        self.blockTokens = blockTokens
        if case .trace(let trace) = plan.process {
            tokensPerRecordedBlock = trace.tokensPerBlock
        } else {
            tokensPerRecordedBlock = 512
        }
        if let shared {
            var sizes = SizeDraw(shared.tokens, random.split("lengths"))
            lengths = (0..<shared.count).map { _ in sizes.next() }
        } else {
            lengths = []
        }
        self.random = random
    }

    /// The chain of a prompt's full blocks.
    mutating func next(
        _ record: RecordedArrival?, promptTokens: Int, of id: RequestID
    ) -> PrefixChain {
        let blocks = promptTokens / blockTokens
        if let record, !record.blocks.isEmpty {
            return PrefixChain(
                (0..<blocks).map { block in
                    // A block belongs to the last recorded one that it reaches into.
                    let last = ((block + 1) * blockTokens - 1) / tokensPerRecordedBlock
                    let name = record.blocks[min(last, record.blocks.count - 1)]
                    return Self.name("recorded", name, block)
                })
        }
        var sharedBlocks = 0
        var prefix = 0
        if let shared, random.chance(shared.share) {
            prefix = random.integer(in: 0...(lengths.count - 1))
            sharedBlocks = min(lengths[prefix], promptTokens) / blockTokens
        }
        return PrefixChain(
            (0..<blocks).map { block in
                block < sharedBlocks
                    ? Self.name("shared", UInt64(prefix), block)
                    : Self.name("own", id.rawValue, block)
            })
    }

    private static func name(_ kind: String, _ owner: UInt64, _ block: Int) -> UInt64 {
        var hash = StableHash()
        hash.combine(kind)
        hash.combine(owner)
        hash.combine(UInt64(block))
        return hash.value
    }
}
