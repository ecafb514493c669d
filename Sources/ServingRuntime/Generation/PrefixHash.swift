/// Names the beginnings of a prompt, so that equal beginnings are found by a number.
///
/// Each full block of tokens gets the hash of itself and of everything before it: FNV-1a over the
/// tokens, mixed by the finisher of SplitMix64 at the end of each block. Two prompts with the same hash at some
/// block are the same up to there, but for a chance of 2^-64.
enum PrefixHash {
    /// The hashes of all full blocks of `tokens`, but for the last token of the prompt: it is always
    /// computed, because its output is the first token of the answer.
    static func chain(of tokens: [Int32], blockTokens: Int) -> [UInt64] {
        let count = (tokens.count - 1) / blockTokens
        var blocks: [UInt64] = []
        blocks.reserveCapacity(max(count, 0))
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for block in 0..<max(count, 0) {
            for token in tokens[block * blockTokens..<(block + 1) * blockTokens] {
                hash = (hash ^ UInt64(UInt32(bitPattern: token))) &* 0x0000_0100_0000_01B3
            }
            hash = mixed(hash)
            blocks.append(hash)
        }
        return blocks
    }

    private static func mixed(_ hash: UInt64) -> UInt64 {
        var z = hash &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
