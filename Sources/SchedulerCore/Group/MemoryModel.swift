/// What a model needs of the memory of each device that one of its instances occupies, in bytes.
///
/// While a batch of `n` rows runs, the instance holds `resident + perBatch + perRow * n`.
package struct MemoryModel: Sendable, Equatable {
    /// Weights and whatever else stays between batches.
    package let resident: Int

    /// What a batch needs whatever its size.
    package let perBatch: Int

    /// What each row of a batch adds.
    package let perRow: Int

    /// A model whose needs are known.
    package init(resident: Int, perBatch: Int = 0, perRow: Int = 0) {
        precondition(resident >= 0 && perBatch >= 0 && perRow >= 0, "memory is not negative")
        self.resident = resident
        self.perBatch = perBatch
        self.perRow = perRow
    }

    /// A model whose batches were measured: the line through the ends of the measurements, raised until
    /// none of them is above it, because the ledger must never promise memory that is not there.
    package init(resident: Int, measured: [(rows: Int, bytes: Int)]) {
        let sorted = measured.sorted { ($0.rows, $0.bytes) < ($1.rows, $1.bytes) }
        var slope = 0
        if let first = sorted.first, let last = sorted.last, last.rows > first.rows {
            let rise = max(last.bytes - first.bytes, 0)
            slope = (rise + last.rows - first.rows - 1) / (last.rows - first.rows)
        }
        let fixed = sorted.map { $0.bytes - slope * $0.rows }.max() ?? 0
        self.init(resident: resident, perBatch: max(fixed, 0), perRow: slope)
    }

    /// Bytes that a batch of `rows` needs beside the resident ones.
    package func bytes(rows: Int) -> Int {
        perBatch + perRow * rows
    }

    /// The most rows of a batch that needs no more than `bytes` beside the resident ones; at most a
    /// billion, and 0 when not even one row fits.
    package func rows(within bytes: Int) -> Int {
        guard bytes >= perBatch + perRow else { return 0 }
        guard perRow > 0 else { return 1_000_000_000 }
        return min((bytes - perBatch) / perRow, 1_000_000_000)
    }
}
