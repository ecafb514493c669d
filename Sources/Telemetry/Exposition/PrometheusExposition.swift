internal import ServingRuntime

/// Prometheus' text exposition of everything in the ``MetricCatalog``.
package enum PrometheusExposition {
    /// Value of the `Content-Type` header that goes with ``render(models:generators:process:)``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text: one family after the other, each with the samples of all models.
    package static func render(
        models: [ModelFigures], generators: [GeneratorFigures] = [], process: ProcessFigures
    ) -> String {
        var text = ""
        for family in ModelFamily.all {
            var samples = SampleWriter(family.metric)
            for model in models {
                samples.setCommon([model.interface.name, "\(model.interface.version)"])
                family.write(model, &samples)
            }
            text += samples.family
        }
        for family in GeneratorFamily.all {
            var samples = SampleWriter(family.metric)
            for generator in generators {
                samples.setCommon(family.common(generator))
                family.write(generator, &samples)
            }
            text += samples.family
        }
        for family in ProcessFamily.all {
            var samples = SampleWriter(family.metric)
            family.write(process, &samples)
            text += samples.family
        }
        return text
    }
}
