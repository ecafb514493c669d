package import ControlCore
package import ServingModel

/// How long a simulated instance needs for a batch when it spreads over the devices of a gang.
///
/// Each member computes its part of every row and all wait for the slowest at the barriers of the
/// all-reduce; then the communication is added. With one member it is the device itself.
package struct GangModel: Sendable, Equatable {
    /// One device that computes alone.
    package var device: DeviceModel
    /// Members.
    package var degree: Int
    /// Milliseconds of communication in each batch.
    package var communication: Double
    /// Milliseconds of communication that each row adds.
    package var communicationPerRow: Double

    /// A gang of `degree` devices, or one device.
    package init(
        _ device: DeviceModel, degree: Int = 1, communication: Double = 0,
        communicationPerRow: Double = 0
    ) {
        precondition(degree >= 1, "a gang has members")
        self.device = device
        self.degree = degree
        self.communication = communication
        self.communicationPerRow = communicationPerRow
    }

    /// What one member computes.
    private var member: DeviceModel {
        var copy = device
        copy.base /= Double(degree)
        copy.perRow /= Double(degree)
        return copy
    }

    /// The duration of one run: the slowest member, and the communication.
    package func sample(rows: Int, _ random: inout Seeded) -> Interval {
        guard degree > 1 else { return device.sample(rows: rows, &random) }
        var slowest = Interval.zero
        for _ in 0..<degree { slowest = max(slowest, member.sample(rows: rows, &random)) }
        let exchange = communication + communicationPerRow * Double(rows)
        return slowest + Interval(milliseconds: exchange)
    }

    /// What a server has learnt from warm-up, as of ``DeviceModel/warmedUp(_:tileKnown:)``.
    package func warmedUp(_ random: Seeded) -> LatencyModel {
        var random = random
        var runs: [(rows: Int, took: Interval)] = []
        for _ in 0..<4 {
            for rows in [1, 8, 32, 128, 256, 512] {
                runs.append((rows, sample(rows: rows, &random)))
            }
        }
        return LatencyModel(warmUp: runs, tile: device.tile)
    }
}
