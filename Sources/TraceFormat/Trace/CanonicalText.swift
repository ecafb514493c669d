package import SchedulerCore
internal import ServingModel

/// Text forms that are part of golden files: whole numbers only, no locale, no hashing.
extension Event {
    /// The event in one line.
    package var canonicalText: String {
        switch self {
        case .arrived(let arrival):
            let deadline =
                arrival.deadline == .distantFuture ? "none" : "\(arrival.deadline.nanoseconds)"
            return "arrived \(arrival.id) class=\(arrival.priorityClass.rawValue)"
                + " due=\(deadline) rows=\(arrival.rows) bytes=\(arrival.bytes)"
                + " shape=\(arrival.shape.rawValue)" + arrival.optionsText
                + (arrival.isFollowed ? " followed" : "")
        case .cancelled(let id): return "cancelled \(id)"
        case .completed(let instance, .success): return "completed \(instance) success"
        case .completed(let instance, .failure): return "completed \(instance) failure"
        case .instanceReady(let instance): return "ready \(instance)"
        case .instanceLost(let instance): return "lost \(instance)"
        case .timerFired: return "timer"
        case .turnedAway(let priorityClass, let rows):
            return "turned away class=\(priorityClass.rawValue) rows=\(rows)"
        case .draining: return "draining"
        case .granted(let instance, let grant):
            return "granted \(instance) rows=\(grant.rows)"
                + " longest=\(grant.longest.nanoseconds) lesser=\(grant.lesser.rawValue)"
        case .held(let instance, let until):
            return "held \(instance) until=\(until.nanoseconds)"
        case .variant(let variant, let isResident):
            return "variant \(variant) \(isResident ? "loaded" : "unloaded")"
        }
    }
}

extension Arrival {
    /// What differs from an arrival that uses no option, each with a leading blank.
    fileprivate var optionsText: String {
        var text = ""
        if tenant != .none { text += " tenant=\(tenant)" }
        if length != 0 { text += " length=\(length)" }
        if let supersedes { text += " supersedes=\(supersedes.rawValue)" }
        if !allowsCheaperVariant { text += " exact" }
        if modality.rawValue != 0 { text += " modality=\(modality.rawValue)" }
        return text
    }
}

extension TimedEvent {
    /// The time in nanoseconds and the event.
    package var canonicalText: String { "\(at.nanoseconds) \(event.canonicalText)" }
}

extension Step {
    /// The event's line, then one indented line per action.
    package var canonicalText: String {
        ([input.canonicalText] + actions.map { "  " + text(of: $0) }).joined(separator: "\n")
    }

    private func text(of action: Action) -> String {
        switch action {
        case .launch(let launch):
            let ids = members[launch.members].map(\.description).joined(separator: ",")
            return "launch batch=\(launch.batch) instance=\(launch.instance) rows=\(launch.rows)"
                + " predicted=\(launch.predicted.nanoseconds)"
                + (launch.variant == .full ? "" : " variant=\(launch.variant)")
                + (launch.paddedLength == 0 ? "" : " padded=\(launch.paddedLength)")
                + " ids=\(ids)"
        case .reject(let id, let reason, let retryAfter):
            return "reject \(id) \(reason.rawValue) retry=\(retryAfter.nanoseconds)"
        case .cancelled(let id):
            return "cancelled \(id)"
        }
    }
}
