internal import ControlCore
package import ServingModel

extension GenerationScheduler {
    /// What the generator asks of a shared device; `nil` when it has nothing to run, or runs.
    ///
    /// Its least quantum is a step of all decodes and, if there are prompts, one least chunk. Tokens that
    /// were early let it wait, by the promised time of one token at most. A request without a deadline for its
    /// first token has that of its class, so that it has its turn, too.
    package func claim(at now: Instant) -> DeviceTurns.Claim? {
        guard device == .idle, table.count > 0 else { return nil }
        var decodes = 0
        var context = 0
        var due = Instant.distantFuture
        var latest = Instant.distantFuture
        for place in table.running {
            let entry = table[place]
            if entry.isDecode {
                decodes += 1
                context += entry.target
                due = min(due, entry.due, now + entry.perToken * 2)
            } else {
                latest = min(latest, latestStart(of: entry))
            }
        }
        for place in table.waiting { latest = min(latest, latestStart(of: table[place])) }
        let chunk = decodes < table.count ? Self.leastChunk : 0
        let least = cost.duration(tokens: decodes + chunk, keyValueTokens: context + chunk)
        if decodes > 0 { latest = min(latest, due - least) }
        return DeviceTurns.Claim(latestStart: latest, least: least)
    }

    private func latestStart(of entry: GenerationEntry) -> Instant {
        var due = entry.due
        if due == .distantFuture {
            due = entry.arrival + configuration.classes[entry.priorityClass].defaultDeadline
        }
        return due - timeToFirstToken(entry)
    }
}
