package import ServingModel

/// What a controller is set to at the moment, for people: a row of the dashboard.
package struct ControllerSetting: Sendable, Equatable {
    /// Name of the setting, such as `breaker` or `max_batch_rows`.
    package var name: String
    /// The model that it is about; `nil` for the whole server.
    package var model: String?
    /// Its value.
    package var value: Double
    /// The value in words, where a number says little, such as `open`.
    package var text: String?
    /// Unit of the value; empty where it has none.
    package var unit: String
    /// The least that the controller may choose.
    package var lower: Double?
    /// The most that it may choose.
    package var upper: Double?
    /// When it last changed; `nil` if it never did.
    package var changed: Instant?
    /// Why it last changed.
    package var reason: String

    /// Describes a setting; see the properties.
    package init(
        name: String, model: String? = nil, value: Double, text: String? = nil, unit: String = "",
        lower: Double? = nil, upper: Double? = nil, changed: Instant? = nil, reason: String = ""
    ) {
        self.name = name
        self.model = model
        self.value = value
        self.text = text
        self.unit = unit
        self.lower = lower
        self.upper = upper
        self.changed = changed
        self.reason = reason
    }
}

/// Where controllers say what they are set to, and the dashboard reads it.
package final class ControllerBoard: Sendable {
    /// Most rows; more are not shown.
    package static let limit = 256

    private struct Key: Hashable {
        var model: String?
        var name: String
    }

    private let rows = Guarded<[(key: Key, setting: ControllerSetting)]>([])

    /// An empty board.
    package init() {}

    /// Puts up a setting in place of the one of the same name and model. Called when it changes, and
    /// once at the start.
    package func post(_ setting: ControllerSetting) {
        let key = Key(model: setting.model, name: setting.name)
        rows.withLock { rows in
            if let index = rows.firstIndex(where: { $0.key == key }) {
                rows[index].setting = setting
            } else if rows.count < Self.limit {
                rows.append((key, setting))
            }
        }
    }

    /// Takes down all that is said about a model, which is gone.
    package func removeAll(of model: String) {
        rows.withLock { $0.removeAll { $0.key.model == model } }
    }

    /// All settings, by model and name; those of the whole server first.
    package var settings: [ControllerSetting] {
        rows.withLock { $0.map(\.setting) }.sorted {
            ($0.model ?? "", $0.name) < ($1.model ?? "", $1.name)
        }
    }
}
