/// The style sheet of the report: light or dark as the reader's system is, one column on a phone.
enum PageStyle {
    static var text: String {
        """
        :root{color-scheme:light dark;\(PlotStyle.light)}
        @media(prefers-color-scheme:dark){:root{\(PlotStyle.dark)}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);\
        font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,"DejaVu Sans",sans-serif}
        main{max-width:1120px;margin:0 auto;padding:20px 16px 56px}
        h1{font-size:26px;line-height:1.2;margin:8px 0 4px}h2{font-size:21px;margin:44px 0 2px}
        h3{font-size:16px;margin:28px 0 8px}p{margin:4px 0}
        .facts,.kind{color:var(--muted)}.kind{font-size:13px;letter-spacing:.04em;text-transform:uppercase}
        .command{display:flex;gap:8px;align-items:baseline;margin:14px 0 0;padding:8px 12px;\
        background:var(--panel);border:1px solid var(--rule);border-radius:8px;overflow-x:auto}
        .command code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
        .command code{white-space:pre}.command span{color:var(--muted);font-size:13px;white-space:nowrap}
        .scroll{overflow-x:auto;margin:12px 0;border:1px solid var(--rule);border-radius:8px}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{padding:6px 12px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
        tr:last-child td{border-bottom:0}
        th{color:var(--muted);font-weight:500;font-size:13px;background:var(--panel);vertical-align:bottom}
        th small{display:block;font-size:11px}
        th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--paper)}
        th:first-child{background:var(--panel)}
        td:first-child{font-weight:600}table.words td,table.words th{text-align:left}
        tr.reference td{color:var(--muted);font-weight:400}
        .key{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:8px;\
        vertical-align:-1px}
        .good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:14px;\
        margin:16px 0}
        figure{margin:0;padding:6px 4px 2px;border:1px solid var(--rule);border-radius:8px;min-width:0}
        svg{display:block;width:100%;height:auto}
        details{margin:14px 0;border:1px solid var(--rule);border-radius:8px;padding:8px 14px}
        summary{cursor:pointer;font-weight:600}pre{overflow-x:auto;margin:10px 0 4px}
        nav{display:flex;flex-wrap:wrap;gap:6px 16px;margin:14px 0 0}a{color:var(--s0)}
        footer{margin-top:44px;color:var(--muted);font-size:13px}
        @media(max-width:560px){main{padding:14px 12px 40px}h1{font-size:22px}th,td{padding:5px 9px}\
        body{font-size:14px}}
        @media print{.command,nav{display:none}figure{break-inside:avoid}}
        """ + "\n" + keys + "\n" + PlotStyle.rules
    }

    private static var keys: String {
        (0..<PlotStyle.count).map { ".key.s\($0){background:var(--s\($0))}" }.joined()
    }
}
