internal import ControlCore
internal import Simulator

/// The numbers of one model that theory works with.
struct TrafficModel {
    let name: String
    let devices: ScenarioDevices
    let theory: QueueTheory

    /// Mean items of a request, longer inputs counted as more of them.
    let itemsPerRequest: Double

    /// The shortest deadline of its classes, in milliseconds.
    let deadline: Double

    let classCount: Int
    let isPoisson: Bool

    init(_ scenario: Scenario) {
        self.init(
            scenario.name, scenario.devices, scenario.classes, scenario.arrivals,
            instances: scenario.devices.count, gang: 1, communication: 0)
    }

    /// A gang shares each batch evenly and pays its communication once.
    init(_ model: ScenarioModel) {
        self.init(
            model.name, model.devices, model.classes, model.arrivals,
            instances: model.devices.count, gang: Double(model.gang),
            communication: model.gang > 1 ? model.communicationMilliseconds : 0)
    }

    private init(
        _ name: String, _ devices: ScenarioDevices, _ classes: [ScenarioClass], _ plan: ArrivalPlan,
        instances: Int, gang: Double, communication: Double
    ) {
        self.name = name
        self.devices = devices
        theory = QueueTheory(
            base: devices.baseMilliseconds / gang + communication,
            perRow: devices.perItemMilliseconds / gang,
            devices: instances)
        var items = plan.rows.mean
        if devices.referenceLength > 0 {
            items *= plan.lengths.mean / Double(devices.referenceLength)
        }
        itemsPerRequest = max(items, 1e-9)
        deadline = classes.map(\.deadlineMilliseconds).min() ?? 80
        classCount = classes.count
        if case .poisson = plan.process {
            isPoisson = plan.microBursts == nil
        } else {
            isPoisson = false
        }
    }

    /// Requests a second as items a millisecond.
    func items(ofRequests rate: Double) -> Double { rate * itemsPerRequest / 1_000 }

    /// Items a millisecond as requests a second.
    func requests(ofItems rate: Double) -> Double { rate * 1_000 / itemsPerRequest }
}

extension SizePlan {
    /// The mean size, before it is cut to its range.
    fileprivate var mean: Double {
        switch self {
        case .fixed(let size): Double(size)
        case .uniform(let range): Double(range.lowerBound + range.upperBound) / 2
        case .logNormal(let median, let sigma, let range):
            min(
                max(median * Self.exponential(sigma * sigma / 2), Double(range.lowerBound)),
                Double(range.upperBound))
        case .choice(let sizes):
            sizes.reduce(0) { $0 + Double($1.size) * $1.weight }
                / sizes.reduce(0) { $0 + $1.weight }
        }
    }

    private static func exponential(_ value: Double) -> Double { 1 / decay(value) }
}
