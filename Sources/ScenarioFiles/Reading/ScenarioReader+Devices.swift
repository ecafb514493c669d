internal import Simulator

extension ScenarioReader {
    func devices(
        _ section: Section, from standard: ScenarioDevices = ScenarioDevices()
    ) -> ScenarioDevices {
        var devices = standard
        if let count = section.integer("count") { devices.count = count }
        if let base = section.number("base_ms") { devices.baseMilliseconds = base }
        if let item = section.number("per_item_ms") { devices.perItemMilliseconds = item }
        if let noise = section.number("noise") { devices.noise = noise }
        if let stalls = section.number("stall_probability") { devices.stallProbability = stalls }
        if let stall = section.span("stall_ms") { devices.stallMilliseconds = stall }
        if let failures = section.number("failure_probability") {
            devices.failureProbability = failures
        }
        if let tile = section.integer("tile") { devices.tile = tile }
        if let memory = section.number("memory_mb") { devices.memoryMB = memory }
        if let length = section.integer("reference_length") { devices.referenceLength = length }
        for element in section.elements("variants") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "variants[]", problems)
            else { continue }
            entry.requires("name")
            entry.requires("time_factor")
            guard let name = entry.text("name"), let factor = entry.number("time_factor") else {
                continue
            }
            devices.variants.append(VariantPlan(name: name, timeFactor: factor))
        }
        return devices
    }

    /// `nil` when the file says nothing.
    func classes(_ parent: Section, _ scenario: Scenario) -> [ScenarioClass]? {
        guard parent["classes"] != nil else { return nil }
        var classes: [ScenarioClass] = []
        for (position, element) in parent.elements("classes").enumerated() {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "classes[]", problems)
            else { continue }
            entry.requires("name")
            let promises = promises(entry, scenario)
            var read = ScenarioClass(
                name: entry.text("name") ?? "", deadlineMilliseconds: promises.deadline)
            read.perTokenMilliseconds = promises.perToken
            if let share = entry.number("share") { read.share = share }
            if let weight = entry.integer("weight") { read.weight = weight }
            read.floorShare =
                entry.number("floor_share") ?? ScenarioClass.defaultFloorShare(at: position)
            if let modality = entry.integer("modality") { read.modality = modality }
            if !read.name.isEmpty, classes.contains(where: { $0.name == read.name }) {
                entry.report(
                    "name",
                    "\(entry.place("name")) is '\(read.name)' like one before it; every class "
                        + "needs a name of its own")
            }
            classes.append(read)
        }
        return classes.isEmpty ? nil : classes
    }

    func models(_ top: Section, _ scenario: Scenario) -> [ScenarioModel] {
        var models: [ScenarioModel] = []
        for element in top.elements("models") {
            guard
                let entry = Section(element.node, path: element.path, section: "models[]", problems)
            else { continue }
            entry.requires("name")
            entry.requires("arrivals")
            var model = ScenarioModel(name: entry.text("name") ?? "")
            if let section = entry.section("devices", as: "devices") {
                model.devices = devices(section)
            }
            model.classes = classes(entry, scenario) ?? scenario.classes
            if let plan = arrivals(entry, scenario) { model.arrivals = plan }
            if let resident = entry.number("resident_mb") { model.residentMB = resident }
            if let item = entry.number("per_item_mb") { model.perItemMB = item }
            if let reload = entry.number("reload_ms") { model.reloadMilliseconds = reload }
            if let intensity = entry.number("flops_per_byte") { model.flopsPerByte = intensity }
            if let gang = entry.integer("gang") { model.gang = gang }
            if let time = entry.number("communication_ms") {
                model.communicationMilliseconds = time
            }
            check(model, entry, scenario, among: models)
            models.append(model)
        }
        return models
    }

    private func check(
        _ model: ScenarioModel, _ entry: Section, _ scenario: Scenario,
        among models: [ScenarioModel]
    ) {
        if !model.name.isEmpty, models.contains(where: { $0.name == model.name }) {
            entry.report(
                "name",
                "\(entry.place("name")) is '\(model.name)' like one before it; every model "
                    + "needs a name of its own")
        }
        if model.gang > scenario.devices.count {
            entry.report(
                "gang",
                "\(entry.place("gang")) is \(model.gang); allowed: at most devices.count, which "
                    + "is \(scenario.devices.count)")
        }
    }

    func faults(_ section: Section, _ scenario: Scenario) -> FaultPlan {
        var plan = FaultPlan()
        if let share = section.number("cancel_share") { plan.cancelShare = share }
        if let after = section.number("cancel_after_ms") { plan.cancelAfterMilliseconds = after }
        for element in section.elements("outages") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "outages[]", problems)
            else { continue }
            entry.requires("at_s")
            var outage = FaultPlan.Outage(
                instance: entry.integer("instance") ?? 0, atSecond: entry.number("at_s") ?? 0,
                forSeconds: entry.number("for_s"))
            if let name = entry.text("model") {
                if let position = scenario.models.firstIndex(where: { $0.name == name }) {
                    outage.model = position
                } else {
                    entry.reportUnknownName("model", name, among: scenario.models.map(\.name))
                }
            }
            let count =
                scenario.models.isEmpty
                ? scenario.devices.count : scenario.models[outage.model].devices.count
            if outage.instance >= count {
                entry.report(
                    "instance",
                    "\(entry.place("instance")) is \(outage.instance); allowed: 0 to "
                        + "\(count - 1)")
            }
            plan.outages.append(outage)
        }
        plan.defects = defects(section, scenario)
        plan.squeezes = squeezes(section, scenario)
        return plan
    }

    private func squeezes(_ section: Section, _ scenario: Scenario) -> [Squeeze] {
        var squeezes: [Squeeze] = []
        for element in section.elements("squeezes") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "squeezes[]", problems)
            else { continue }
            entry.requires("at_s")
            entry.requires("rows")
            let from = entry.number("at_s") ?? 0
            let end = entry.number("for_s").map { from + $0 } ?? scenario.durationSeconds
            squeezes.append(
                Squeeze(fromSecond: from, toSecond: end, rows: entry.integer("rows") ?? 1))
        }
        if !squeezes.isEmpty { reportOneModelOnly("squeezes", section, scenario) }
        return squeezes
    }

    /// The memory of the server's process.
    func memory(_ section: Section, _ scenario: Scenario) -> ProcessMemory? {
        section.requires("limit_mb")
        if !scenario.models.isEmpty || scenario.generation != nil {
            section.report("limit_mb", "memory needs a scenario of one model that forms batches")
        }
        guard let limit = section.number("limit_mb") else { return nil }
        return ProcessMemory(
            limitMB: limit, residentMB: section.number("resident_mb") ?? 0,
            perRequestMB: section.number("per_request_mb") ?? 0,
            driftMBPerSecond: section.number("drift_mb_per_s") ?? 0,
            restartSeconds: section.number("restart_s") ?? 5)
    }

    private func reportOneModelOnly(_ name: String, _ section: Section, _ scenario: Scenario) {
        guard !scenario.models.isEmpty || scenario.generation != nil else { return }
        section.report(
            name, "\(section.place(name)) need a scenario of one model that forms batches")
    }

    private func defects(_ section: Section, _ scenario: Scenario) -> [FaultPlan.Defect] {
        var defects: [FaultPlan.Defect] = []
        for element in section.elements("defects") {
            guard
                let entry = Section(
                    element.node, path: element.path, section: "defects[]", problems)
            else { continue }
            entry.requires("kind")
            entry.requires("at_s")
            guard let kind = entry.text("kind").flatMap(DeviceFault.Kind.init) else { continue }
            var defect = FaultPlan.Defect(
                instance: entry.integer("instance") ?? 0, kind: kind,
                atSecond: entry.number("at_s") ?? 0)
            defect.forSeconds = entry.number("for_s")
            if let factor = entry.number("factor") { defect.factor = factor }
            if defect.instance >= scenario.devices.count {
                entry.report(
                    "instance",
                    "\(entry.place("instance")) is \(defect.instance); allowed: 0 to "
                        + "\(scenario.devices.count - 1)")
            }
            defects.append(defect)
        }
        if !defects.isEmpty { reportOneModelOnly("defects", section, scenario) }
        return defects
    }
}
