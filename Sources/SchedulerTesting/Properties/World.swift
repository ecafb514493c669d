package import ControlCore
package import SchedulerCore
internal import ServingModel
package import Simulator
package import TraceFormat

/// Everything that determines a simulated run.
package struct World: Sendable, CustomStringConvertible {
    /// What the scheduler is told at construction.
    package var configuration: SchedulerConfiguration
    /// One device per instance.
    package var devices: [DeviceModel]
    /// What the world outside does.
    package var stimuli: [Stimulus]
    /// Source of the devices' noise and faults.
    package var random: Seeded
    /// What is wrong with which device, and when.
    package var faults: [DeviceFault] = []
    /// Takes sick instances out; `nil` leaves them in.
    package var breakers: BreakerSettings?

    /// Makes a world.
    package init(
        _ configuration: SchedulerConfiguration, devices: [DeviceModel], _ stimuli: [Stimulus],
        _ random: Seeded
    ) {
        self.configuration = configuration
        self.devices = devices
        self.stimuli = stimuli
        self.random = random
    }

    /// Runs it to its end, verified on the way, and answers results and trace.
    @discardableResult
    package func run(
        checks: Checks = .everything
    ) throws -> (outcome: Outcome, trace: Trace) {
        var options = VirtualServer.Options(devices: devices, random)
        // Each stimulus causes few events: itself, at most one launch with one completion, one timer.
        options.maxEvents = 8 * stimuli.count + 100
        options.faults = faults
        options.breakers = breakers
        var server = VirtualServer(configuration, options)
        let watcher = RunWatcher(configuration, checks: checks, keepsTrace: true)
        let outcome = try server.run(stimuli, watchedBy: watcher)
        return (outcome, watcher.trace)
    }

    /// Configuration, devices and stimuli, as text.
    package var description: String {
        let events = stimuli.map { "  \($0.at.nanoseconds) \($0.kind)" }
        return
            (["\(configuration)", "\(devices)", "\(faults)", "\(stimuli.count) stimuli:"] + events)
            .joined(separator: "\n")
    }
}
