package import SchedulerCore
package import ServingModel

/// Everything an operator can set, validated: one immutable struct for each component.
///
/// Values come from four places, the later ones winning: the defaults below, the YAML file, the
/// environment, the flags of the command line. ``reference`` lists every key; reading, errors and
/// `docs/configuration.md` follow from it. A value of this type has passed every check, because only
/// this module can change one.
package struct ServerConfiguration: Sendable, Equatable {
    /// Where the server listens.
    package internal(set) var network = Network()

    /// Folders that hold models in Triton's layout; none to serve the bundled demo models.
    package internal(set) var repositories: [String] = []

    /// Priority classes, most important first.
    package internal(set) var classes = PriorityClass.defaultTable

    /// What one client, and all of them together, may take.
    package internal(set) var limits = Limits()

    /// Threads.
    package internal(set) var runtime = Runtime()

    /// Names of the classes whose requests are never answered by a cheaper variant of a model.
    package internal(set) var exactClasses: [String] = []

    /// For how long the load must have been low before a variant leaves that was loaded on demand.
    package internal(set) var variantQuiet = Interval.seconds(10)

    /// When instances that do not work are taken out of service.
    package internal(set) var breaker = Breaker()

    /// When settings are changed because a model is not well.
    package internal(set) var health = Health()

    /// Models that generate text.
    package internal(set) var generation = Generation()

    /// Memory that models share.
    package internal(set) var memory = Memory()

    /// File to which the schedulers' events and decisions are recorded; `nil` for no recording.
    package internal(set) var record: String?

    /// The least severe messages that are logged.
    package internal(set) var logLevel = LogLevel.info

    /// How messages are written.
    package internal(set) var logFormat = LogFormat.text

    /// What the server remembers and tells of requests.
    package internal(set) var observability = Observability()

    /// The defaults.
    package init() {}
}

extension ServerConfiguration {
    /// Where the server listens.
    package struct Network: Sendable, Equatable {
        /// Address or name of the interface to listen on.
        package internal(set) var host = "127.0.0.1"

        /// Port of the HTTP protocols; 0 to let the system pick a free one.
        package internal(set) var httpPort = 8_000

        /// Port that serves metrics only; 0 to let the system pick a free one.
        package internal(set) var metricsPort = 8_002
    }

    /// What one client, and all of them together, may take.
    package struct Limits: Sendable, Equatable {
        /// Largest body of one request.
        package internal(set) var maxBodyBytes = 64 << 20

        /// Most requests that may wait for one model.
        package internal(set) var maxQueuedRequests = 16_384

        /// Most payload bytes that may wait for one model.
        package internal(set) var maxQueuedBytes = 1 << 30

        /// Most connections open at a time.
        package internal(set) var maxConnections = 20_000

        /// Most bytes of bodies that come in at a time, over all connections.
        package internal(set) var maxIncomingBytes = 1 << 30

        /// Most answers with generated text that are under way at a time.
        package internal(set) var maxStreams = 4_096

        /// Time a client has to send a request's head, so that slow senders hold no connection.
        package internal(set) var headerTimeout = Interval.seconds(10)

        /// Bytes of a second by which a client has longer for a longer request.
        package internal(set) var minUploadRate = 16_384

        /// Time after which a client is cut off that takes nothing of its answer.
        package internal(set) var writeTimeout = Interval.seconds(30)

        /// Time after which a connection without a request is closed.
        package internal(set) var idleTimeout = Interval.seconds(300)

        /// Time that requests in flight have to end when the server shuts down.
        package internal(set) var drainTimeout = Interval.seconds(30)

        /// Largest head of one request: request line and all headers.
        package internal(set) var maxHeaderBytes = 64 << 10
    }

    /// Threads.
    package struct Runtime: Sendable, Equatable {
        /// Threads that serve connections, when the operator fixed their number.
        package internal(set) var eventLoops: Int?

        /// Threads that one model instance may use for one batch.
        package internal(set) var threadsPerInstance = 1

        /// Whether answers are looked at before they leave.
        package internal(set) var checksOutputs = false

        /// Threads that serve connections on a machine with `cores`: half of them unless configured,
        /// because engines need the rest.
        package func eventLoops(cores: Int) -> Int { eventLoops ?? max(1, cores / 2) }
    }

    /// When instances that do not work are taken out of service.
    package struct Breaker: Sendable, Equatable {
        /// Whether they are at all.
        package internal(set) var isEnabled = true

        /// Failures in a row that take an instance out.
        package internal(set) var failures = 5

        /// Whether an anomaly tightens an instance's breaker while it lasts.
        package internal(set) var isAdaptive = true

        /// Longer than predicted by this factor is slow.
        package internal(set) var slowdown = 3.0

        /// A batch stalls after so many times its prediction.
        package internal(set) var stallFactor = 10

        /// But not before this.
        package internal(set) var leastStall = Interval.seconds(1)

        /// From the time when an instance is taken out to its first trial.
        package internal(set) var firstPause = Interval.milliseconds(250)

        /// The longest time between two trials.
        package internal(set) var longestPause = Interval.seconds(30)

        /// Growth of memory in bytes from which on instances are made anew; 0 for never.
        package internal(set) var renewalGrowth = 0
    }

    /// When settings are changed because a model is not well.
    package struct Health: Sendable, Equatable {
        /// Whether there are health rules at all.
        package internal(set) var isEnabled = true

        /// Whether they only tell what they would change.
        package internal(set) var isDryRun = false

        /// Whether a learnt limit of batches is raised again.
        package internal(set) var raisesBatches = true

        /// Below this utilisation, in percent.
        package internal(set) var utilizationPercent = 85

        /// Whether fewer requests may wait while memory is short.
        package internal(set) var limitsMemory = true

        /// Above this part of the memory, in percent.
        package internal(set) var memoryPercent = 90

        /// More may wait again below this part.
        package internal(set) var memoryCalmPercent = 80

        /// Bytes that the process may take, when the operator fixed them.
        package internal(set) var memoryLimitBytes: Int?

        /// Whether a cheaper variant is preferred while answers take long.
        package internal(set) var prefersVariants = true

        /// Above this mean latency.
        package internal(set) var latency = Interval.milliseconds(500)

        /// The dearer variant is back below this load, in percent of the full model's capacity.
        package internal(set) var loadCalmPercent = 85
    }

    /// Models that generate text, each of them.
    package struct Generation: Sendable, Equatable {
        /// Most requests that generate at the same time.
        package internal(set) var slots = 16

        /// Prefixes of prompts kept for requests that begin alike.
        package internal(set) var prefixSlots = 16

        /// Room for keys and values, in tokens, when the operator fixed it.
        package internal(set) var keyValueTokens: Int?

        /// Otherwise, most memory that keys and values may take, in percent of the machine's.
        package internal(set) var keyValueMemoryPercent = 25

        /// Host memory for keys and values of one model's requests that lost their slots; 0 for none.
        package internal(set) var swapBytes = 0

        /// Longest sequence, prompt and answer together, when it is less than the model's own.
        package internal(set) var maxContext: Int?

        /// Most tokens of one step.
        package internal(set) var maxStepTokens = 2_048

        /// Threads that compute a step, when not those of any instance.
        package internal(set) var threads: Int?

        /// Whether answers are the same to the last bit whatever shares their steps.
        package internal(set) var isExact = false

        /// Who decides what a step consists of.
        package internal(set) var policy = GenerationPolicy.slackAware

        /// Most requests that may wait.
        package internal(set) var maxQueuedRequests = 1_024

        /// Time to the first token promised to each class; the last one counts for all further
        /// classes.
        package internal(set) var firstToken: [Interval] = [
            .milliseconds(500), .milliseconds(1_500), .milliseconds(8_000),
        ]

        /// Time for each further token promised to each class; the last one counts for all further
        /// classes.
        package internal(set) var perToken: [Interval] = [
            .milliseconds(40), .milliseconds(60), .milliseconds(150),
        ]
    }

    /// Memory that models share, so that more of them can be served than fit.
    package struct Memory: Sendable, Equatable {
        /// Bytes that all models may hold together, when the operator fixed it.
        package internal(set) var limitBytes: Int?

        /// The same in percent of the memory that the process may have.
        package internal(set) var limitPercent: Int?

        /// The least time between a model's load and its leaving.
        package internal(set) var minimumResidency = Interval.seconds(1)

        /// Time after which a model that nobody asks for leaves; zero for never.
        package internal(set) var idleAfter = Interval.zero

        /// The limit where the process may have so many bytes; `nil` for none.
        package func limit(allowedBytes: UInt64) -> Int? {
            limitBytes ?? limitPercent.map { Int(allowedBytes / 100) * $0 }
        }
    }

    /// What the server remembers and tells of requests.
    package struct Observability: Sendable, Equatable {
        /// Decisions kept for each model; 0 for none.
        package internal(set) var decisionRecords = 8_192

        /// Of the requests answered as promised, one in so many is kept.
        package internal(set) var decisionSampling = 1

        /// Where traces are sent, as OTLP over HTTP; `nil` for no traces.
        package internal(set) var traceEndpoint: String?

        /// Share of the requests without a caller's trace that are traced.
        package internal(set) var traceRatio = 0.0
    }

    /// How messages are written.
    package enum LogFormat: String, Sendable, CaseIterable {
        /// Lines for people.
        case text
        /// One JSON object on each line.
        case json
    }

    /// The severities of swift-log, by its names.
    package enum LogLevel: String, Sendable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }
}
