import GatewayHTTP
import HTTPTypes
import Testing

@Suite("Paths")
struct InferRouteTests {
    @Test(
        "The infer route names a model and perhaps a version",
        arguments: [
            ("/v2/models/digits/infer", "digits", nil),
            ("/v2/models/d/infer", "d", nil),
            ("/v2/models/digits/versions/3/infer", "digits", "3"),
            ("/v2/models/digits/versions/x/infer", "digits", "x"),
            ("/v2/models/infer/infer", "infer", nil),
            ("/v2/models/versions/infer", "versions", nil),
            ("/v2/models/a%20b%2Fc/infer", "a b/c", nil),
            ("/v2/models/gr%C3%B6%c3%9fe/infer?x=/infer", "größe", nil),
            ("/v2/models/a/infer?", "a", nil),
        ] as [(String, String, String?)])
    func routes(target: String, model: String, version: String?) throws {
        let route = try #require(InferRoute(target: target))
        #expect(route.model == model)
        #expect(route.version == version)
        #expect(Self.mayBe(target))
    }

    @Test(
        "Other paths are not the infer route",
        arguments: [
            "", "/", "/v2", "/v2/models", "/v2/models/", "/v2/models//infer", "/v2/models/infer",
            "/v2/models/a", "/v2/models/a/infer/", "/v2/models/a/infer/x", "/v2/models/a/Infer",
            "/V2/models/a/infer", "/v2/models/a/versions/infer/", "/v2/models/a/versions//infer",
            "/v2/models/a/versions/1/2/infer", "/v2/models/a/b/infer", "//v2/models/a/infer",
            "/v2/models/a/generate", "/v2/models/a/inferx", "/v2/models/a?/infer",
            "v2/models/a/infer",
            "/v2/models/a%/infer", "/v2/models/a%2/infer", "/v2/models/a%zz/infer",
            "/v2/models/a%+f/infer", "/v2/models/%ff/infer", "/v2/models/a/versions/%zz/infer",
            "/v2/models/a/versions/1/infer/",
        ])
    func others(target: String) {
        #expect(InferRoute(target: target) == nil)
    }

    @Test("The quick look never overlooks an infer route")
    func quickLook() {
        var generator = SeededGenerator(seed: 9)
        let parts = [
            "v2", "models", "versions", "infer", "a", "1", "", "%41", "?", "x?y", "infer?",
        ]
        for _ in 0..<20_000 {
            let prefix = generator.chance(percent: 80) ? "/v2/models" : ""
            let target = (0..<generator.pick(1...5)).reduce(into: prefix) { text, _ in
                text += "/" + generator.pick(of: parts)
            }
            if InferRoute(target: target) != nil { #expect(Self.mayBe(target), "\(target)") }
        }
    }

    @Test("A wrong method is told from a wrong path, for every shape of path")
    func methods() {
        var table = RouteTable()
        table.add(.get, "/")
        table.add(.get, "/v2")
        table.add(.get, "/v2/models/:model")
        table.add(.post, "/v2/models/:model/versions/:version/infer")
        table.add(.post, "/v2/repository/index")
        table.add(.get, "/v2/repository/index")
        #expect(table.methods(of: "/") == [.get])
        #expect(table.methods(of: "/v2") == [.get])
        #expect(table.methods(of: "/v2/models/anything") == [.get])
        #expect(table.methods(of: "/v2/models/a/versions/1/infer") == [.post])
        #expect(table.methods(of: "/v2/repository/index") == [.post, .get])
        for path in ["", "/v3", "/v2/models", "/v2/models/", "/v2/models/a/b", "/v2//index", "//"] {
            #expect(table.methods(of: path).isEmpty, "\(path)")
        }
    }

    private static func mayBe(_ target: String) -> Bool {
        Array(target.utf8).withUnsafeBytes { InferRoute.mayBe($0) }
    }
}
