internal import SchedulerCore
internal import ServingModel

/// Knows which events can happen next. A scheduler traps on an event that cannot, because a shell that
/// reports one is broken; a damaged trace must be told so instead.
struct EventGuard {
    private let configuration: SchedulerConfiguration
    private var now = Instant.origin
    private var isPresent: [Bool]
    private var isBusy: [Bool]
    private var waiting: Set<RequestID> = []

    init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        isPresent = Array(repeating: false, count: configuration.instances)
        isBusy = isPresent
    }

    /// Refuses an event that cannot happen now, and takes note of one that can.
    mutating func admit(_ input: TimedEvent) throws(LineProblem) {
        guard input.at >= now else { throw LineProblem("the time runs backwards") }
        now = input.at
        switch input.event {
        case .arrived(let arrival): try admit(arrival)
        case .completed(let instance, _):
            try check(instance)
            guard isBusy[instance.rawValue] else {
                throw LineProblem("instance \(instance) completes a batch that it does not run")
            }
            isBusy[instance.rawValue] = false
        case .instanceReady(let instance):
            try check(instance)
            isPresent[instance.rawValue] = true
        case .instanceLost(let instance):
            try check(instance)
            isPresent[instance.rawValue] = false
        case .probe(let instance):
            try check(instance)
            guard !configuration.isArbitrated else {
                throw LineProblem("instance \(instance) is probed, but others decide on its turns")
            }
        case .granted(let instance, _):
            try check(instance)
            guard configuration.isArbitrated, isPresent[instance.rawValue],
                !isBusy[instance.rawValue]
            else { throw LineProblem("instance \(instance) is granted but is not held") }
        case .held(let instance, _): try check(instance)
        case .turnedAway(let priorityClass, _):
            guard priorityClass.rawValue < configuration.classes.count else {
                throw LineProblem("there is no class \(priorityClass.rawValue)")
            }
        case .variant(let variant, _):
            guard variant.rawValue >= 1, variant.rawValue <= configuration.cheaperVariants.count
            else { throw LineProblem("there is no cheaper variant \(variant.rawValue)") }
        case .preferred(let variant):
            guard variant.rawValue <= configuration.cheaperVariants.count
            else { throw LineProblem("there is no variant \(variant.rawValue)") }
        case .cancelled, .timerFired, .draining, .limited, .queueLimited: break
        }
    }

    /// Takes note of what the scheduler answered.
    mutating func note(_ answer: ActionBuffer) {
        for action in answer.actions {
            switch action {
            case .launch(let launch):
                isBusy[launch.instance.rawValue] = true
                for id in answer.members(of: launch) { waiting.remove(id) }
            case .reject(let id, _, _), .cancelled(let id): waiting.remove(id)
            }
        }
    }

    private mutating func admit(_ arrival: Arrival) throws(LineProblem) {
        guard waiting.insert(arrival.id).inserted else {
            throw LineProblem("request \(arrival.id) arrives twice")
        }
        guard arrival.modality.rawValue < max(configuration.modalities.count, 1) else {
            throw LineProblem("there is no modality \(arrival.modality.rawValue)")
        }
    }

    private func check(_ instance: InstanceID) throws(LineProblem) {
        guard isPresent.indices.contains(instance.rawValue) else {
            throw LineProblem(
                "there is no instance \(instance); allowed: below \(isPresent.count)")
        }
    }
}
