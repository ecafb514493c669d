import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime

/// A served scripted model with a clock and a timer that the test moves.
struct Harness {
    let model: ScriptedModel
    let served: ServedModel
    let clock: VirtualClock
    let timer: ManualTimer
    let sink = RecordingSink()

    /// What the scheduler believes of the model, because warm-up measured nothing: 1 ms and 0.1 ms for
    /// each row, plus the margin.
    static let latency = LatencyModel(base: 1, perRow: 0.1)

    /// Two classes without surprises.
    static let classes = [
        PriorityClass(
            name: "high", weight: 8, floorShare: 0, defaultDeadline: .milliseconds(200)),
        PriorityClass(
            name: "low", weight: 1, floorShare: 0.1, defaultDeadline: .milliseconds(2_000)),
    ]

    /// Starts a model; its gate is open.
    static func start(
        model: ScriptedModel = ScriptedModel(), clock: VirtualClock = VirtualClock(),
        instances: Int = 1, maxBatchSize: Int = 64, isOpen: Bool = false,
        adjust: (inout ServingSpecification) -> Void = { _ in }
    ) async throws -> Harness {
        let timer = ManualTimer()
        let served = try await Self.serve(
            model, clock: clock, timer: timer, instances: instances, maxBatchSize: maxBatchSize,
            isOpen: isOpen, adjust: adjust)
        return Harness(model: model, served: served, clock: clock, timer: timer)
    }

    /// Starts a model with any clock and timer.
    static func serve(
        _ model: ScriptedModel, clock: any RuntimeClock, timer: any WakeupTimer, instances: Int = 1,
        maxBatchSize: Int = 64, isOpen: Bool = false,
        adjust: (inout ServingSpecification) -> Void = { _ in }
    ) async throws -> ServedModel {
        var specification = ServingSpecification(
            interface: interface(maxBatchSize: maxBatchSize, isOpen: isOpen), instances: instances,
            classes: classes)
        // Most tests are about something else, and look at the timer.
        specification.breaker = nil
        adjust(&specification)
        let served = try await ServedModel.start(
            specification, model: model, clock: clock, timer: timer)
        model.stage.update { $0.isServing = true }
        return served
    }

    static func interface(maxBatchSize: Int, isOpen: Bool) -> ModelInterface {
        ModelInterface(
            name: "scripted", version: 1, engine: "scripted", maxBatchSize: maxBatchSize,
            inputs: [TensorInterface(name: "x", dataType: .int32, dims: [isOpen ? -1 : 2])],
            outputs: [
                TensorInterface(name: "y", dataType: .int32, dims: [3]),
                TensorInterface(name: "s", dataType: .bytes, dims: [1]),
            ])
    }

    /// Hands an order in on its own.
    @discardableResult
    func submit(_ order: Order, isOpen: Bool = false) -> InferenceRequest {
        let request = order.request(to: sink, isOpen: isOpen)
        served.submit([request])
        return request
    }

    /// Hands orders in together.
    func submit(together orders: [Order]) {
        served.submit(orders.map { $0.request(to: sink) })
    }

    /// Closes the gate and gives the only instance a request that keeps it busy.
    func occupy(tag: Int = 0) async {
        model.close()
        let begun = model.stage.value.runs.count
        submit(Order(tag: tag, payloads: [1]))
        await model.hasBegun(begun + 1)
    }
}
