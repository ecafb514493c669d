/// Colours and line patterns. The palette is that of Okabe and Ito, which people who see fewer colours tell
/// apart; dash patterns repeat the difference without any colour.
enum PlotStyle {
    /// Colours on light and on dark paper.
    private static let palette: [(light: String, dark: String, dash: String)] = [
        ("#0072b2", "#4fb0ee", ""), ("#d55e00", "#ff8d4f", "7 3"), ("#009e73", "#35cfa2", "2 3"),
        ("#b4568f", "#eb9fcb", "9 3 2 3"), ("#b07c00", "#f0b840", "5 2 1 2 1 2"),
        ("#3a9bd6", "#9adcff", "12 4"), ("#5b6672", "#b8c2cc", "3 2"),
        ("#7b5a2b", "#d1ae78", "1 2"), ("#7a4fc0", "#b79bf0", "10 2 4 2"),
        ("#18212c", "#f1f4f8", "1 3"), ("#c2185b", "#ff86b4", "8 2 1 2"),
        ("#4d7c0f", "#b4df6d", "4 4"),
    ]

    /// Shades for classes, most important first: a scale and not a set, and none of a policy's colours.
    private static let shades: [(light: String, dark: String)] = [
        ("#46307a", "#d9ccf5"), ("#8a6fc0", "#a48ad8"), ("#bda9e3", "#6f58ab"),
        ("#dcd0f2", "#4a3b78"),
    ]

    /// The style of the `index`th class.
    static func shade(_ index: Int) -> String { "k\(min(index, shades.count - 1))" }

    /// Styles before they repeat.
    static var count: Int { palette.count }

    /// The style of the `index`th policy.
    static func style(_ index: Int) -> Int { index % palette.count }

    /// Custom properties for light paper.
    static var light: String {
        "--ink:#18212c;--muted:#5a6672;--grid:#e4e8ed;--paper:#fff;--panel:#f6f8fa;--rule:#d5dbe1;"
            + "--good:#00724f;--bad:#b3400b;"
            + palette.enumerated().map { "--s\($0.offset):\($0.element.light);" }.joined()
            + shades.enumerated().map { "--k\($0.offset):\($0.element.light);" }.joined()
    }

    /// Custom properties for dark paper.
    static var dark: String {
        "--ink:#e6ebf1;--muted:#9ba8b5;--grid:#2a333e;--paper:#12181f;--panel:#1a222c;--rule:#343f4c;"
            + "--good:#4fd6a8;--bad:#ff9a66;"
            + palette.enumerated().map { "--s\($0.offset):\($0.element.dark);" }.joined()
            + shades.enumerated().map { "--k\($0.offset):\($0.element.dark);" }.joined()
    }

    /// Rules for the elements of a plot.
    static var rules: String {
        """
        .plot text{font-family:system-ui,-apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,\
        "DejaVu Sans",sans-serif;font-size:12px;fill:var(--muted)}\
        .plot .title{font-size:14px;font-weight:600;fill:var(--ink)}\
        .plot .legend{fill:var(--ink)}.plot .note{font-size:11px;paint-order:stroke;stroke:var(--paper);stroke-width:3px}\
        .plot .grid{stroke:var(--grid);stroke-width:1}\
        .plot .limit{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:4 3}\
        .plot .line{fill:none;stroke-width:2.2;stroke-linejoin:round}.plot .thin{stroke-width:1.3}\
        .plot .cross{fill:none;stroke-width:2}.plot .dot{stroke:var(--paper);stroke-width:1}\
        .plot .reference{fill:var(--bad);stroke:var(--paper);stroke-width:1}\
        .plot .paper{fill:var(--paper)}
        """ + styles
    }

    private static var styles: String {
        palette.enumerated().map { index, colour in
            let dash = colour.dash.isEmpty ? "" : "stroke-dasharray:\(colour.dash)"
            return ".plot .line.s\(index){stroke:var(--s\(index));\(dash)}"
                + ".plot .cross.s\(index){stroke:var(--s\(index))}"
                + ".plot .dot.s\(index){fill:var(--s\(index))}"
        }.joined()
            + shades.indices.map { ".plot .bar.k\($0){fill:var(--k\($0))}" }.joined()
    }

    /// A whole style sheet for a picture that stands alone.
    static var standalone: String {
        ".plot{\(light)}@media(prefers-color-scheme:dark){.plot{\(dark)}}\(rules)"
    }
}
