internal import SchedulerCore
package import ServingModel

extension TextWriter {
    /// Writes the time, counted from `origin`, and the event. What has its usual value is left out, and
    /// a deadline counts from the arrival, so that a line stays short and means something to a reader.
    ///
    /// ``TimedEvent/init(_:since:)`` reads what this writes; a test sees to it that no field is forgotten.
    package mutating func write(_ input: TimedEvent, since origin: Instant) {
        write(input.at.nanoseconds &- origin.nanoseconds)
        switch input.event {
        case .arrived(let arrival): write(arrival, at: input.at)
        case .cancelled(let id):
            write(" cancelled ")
            write(id)
        case .completed(let instance, let result):
            write(" completed ")
            write(instance.rawValue)
            if result == .failure { write(" failure") }
        case .instanceReady(let instance):
            write(" ready ")
            write(instance.rawValue)
        case .instanceLost(let instance):
            write(" lost ")
            write(instance.rawValue)
        case .probe(let instance):
            write(" probe ")
            write(instance.rawValue)
        case .timerFired: write(" timer")
        case .turnedAway(let priorityClass, let rows):
            write(" turned-away")
            write(" class=", unless: 0, priorityClass.rawValue)
            write(" rows=", unless: 1, rows)
        case .draining: write(" draining")
        case .granted(let instance, let grant):
            write(" granted ")
            write(instance.rawValue)
            write(grant)
        case .held(let instance, let until):
            write(" held ")
            write(instance.rawValue)
            write(" until=", until, from: input.at)
        case .limited(let rows):
            write(" limited ")
            write(rows)
        case .queueLimited(let requests):
            write(" queue-limited ")
            write(requests)
        case .preferred(let variant):
            write(" preferred ")
            write(variant.rawValue)
        case .variant(let variant, let isResident):
            write(" variant ")
            write(variant.rawValue)
            write(isResident ? " loaded" : " unloaded")
        }
    }

    private mutating func write(_ arrival: Arrival, at time: Instant) {
        write(" arrived ")
        write(arrival.id)
        write(" class=", unless: 0, arrival.priorityClass.rawValue)
        write(" due=", arrival.deadline, from: time)
        write(" rows=", unless: 1, arrival.rows)
        write(" bytes=", unless: 0, arrival.bytes)
        if arrival.shape.rawValue != 0 {
            write(" shape=")
            write(arrival.shape.rawValue)
        }
        if arrival.tenant != .none {
            write(" tenant=")
            write(UInt64(arrival.tenant.rawValue))
        }
        write(" length=", unless: 0, arrival.length)
        if let key = arrival.supersedes {
            write(" supersedes=")
            write(key.rawValue)
        }
        if !arrival.allowsCheaperVariant { write(" exact") }
        write(" modality=", unless: 0, arrival.modality.rawValue)
        if arrival.isFollowed { write(" followed") }
    }

    private mutating func write(_ grant: Grant) {
        write(" rows=")
        write(grant.rows)
        if grant.longest != .never {
            write(" longest=")
            write(grant.longest.nanoseconds)
        }
        write(" lesser=", unless: 0, grant.lesser.rawValue)
    }

    /// A time as its distance from another; nothing for the distant future.
    private mutating func write(_ key: StaticString, _ time: Instant, from now: Instant) {
        guard time != .distantFuture else { return }
        write(key)
        write(time >= now ? "+" : "-")
        write(max(now.interval(to: time), time.interval(to: now)).nanoseconds)
    }

    mutating func write(_ key: StaticString, unless usual: Int, _ number: Int) {
        guard number != usual else { return }
        write(key)
        write(number)
    }
}

extension TimedEvent {
    /// The time in nanoseconds and the event.
    package var canonicalText: String {
        var writer = TextWriter()
        writer.write(self, since: .origin)
        return writer.text
    }
}
