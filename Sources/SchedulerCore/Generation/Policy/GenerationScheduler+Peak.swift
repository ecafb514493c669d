internal import ServingModel

/// Admission by predicted memory.
///
/// Requests grow by a token with each step and leave when they are done. Ordered by how long they will stay,
/// the most that all will ever hold together is the greatest of the sums, over the i that stay longest, of
/// what they hold plus i times the rest of the i-th: at its end those i are still there and each has grown
/// as much (Sheng and others, 2024, use the same bound in S-LoRA's scheduler).
extension GenerationScheduler {
    /// Whether memory is predicted to suffice if a request that holds `shared` tokens of the cache joins.
    func fitsPeak(_ place: Int32, shared: Int) -> Bool {
        let entry = table[place]
        let share =
            configuration.memoryShare
            - configuration.classHeadroom * Double(entry.priorityClass)
        let limit = Int(Double(room.tokens) * share) - cache.pinnedTokens
        let rest = predictor.rest(entry)
        let own = entry.target - shared
        var held = 0
        var staying = 0
        var isCounted = false
        for other in byRest {
            let running = table[other]
            if !isCounted, rest > running.rest {
                isCounted = true
                held += own
                staying += 1
                if held + staying * rest > limit { return false }
            }
            held += running.target - running.shared
            staying += 1
            if held + staying * running.rest > limit { return false }
        }
        return isCounted || held + own + (staying + 1) * rest <= limit
    }

    /// Brings the order of those that run up to date by insertion: they change places rarely, so that it
    /// takes little more than one pass.
    mutating func sortByRest() {
        for index in byRest.indices {
            let place = byRest[index]
            let rest = predictor.rest(table[place])
            table[place].rest = rest
            var gap = index
            while gap > 0, table[byRest[gap - 1]].rest < rest {
                byRest[gap] = byRest[gap - 1]
                gap -= 1
            }
            byRest[gap] = place
        }
    }
}
