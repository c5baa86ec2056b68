/// The look of a ``ReportPage``. Colors are the figures' own, from `Theme.pageStyle`.
enum ReportStyle {
  /// A grid of pictures has as many columns as fit, one on a phone; only tables and commands may be
  /// wider than the page, and those scroll by themselves. On paper, always light, two pictures
  /// stand in a line of text: lines, unlike grids, are not broken, and stay with the names above.
  static let sheet = """
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--text);font:16px/1.5 system-ui,-apple-system,\
    'Segoe UI','Helvetica Neue',Arial,'Liberation Sans',sans-serif;overflow-wrap:anywhere}
    main{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 3rem}
    h1{font-size:1.6rem;line-height:1.25;margin:.3rem 0 .6rem}
    h2{font-size:1.15rem;margin:2.2rem 0 .6rem;padding-top:.8rem;border-top:1px solid var(--grid)}
    p,ul{max-width:46rem;margin:.5rem 0}
    ul{padding-left:1.3rem}
    .lead{font-size:1.05rem;color:var(--muted)}
    .verdict{font-size:1.05rem;padding:.6rem .9rem;border-left:4px solid var(--s0);\
    background:color-mix(in srgb,var(--s0) 9%,transparent)}
    figure{margin:1rem 0}
    figcaption{color:var(--muted);font-size:.9rem;max-width:46rem;margin-top:.4rem}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:.8rem}
    .grid>div{border:1px solid var(--grid);border-radius:6px;overflow:hidden;max-width:36rem}
    svg{display:block;width:100%;height:auto}
    svg text{font-family:inherit}
    .legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.9rem;margin-bottom:.5rem}
    .legend span{display:inline-flex;align-items:center;gap:.4rem}
    .key{width:24px;height:8px;flex:none}
    .scroll{overflow-x:auto;margin:.7rem 0;overflow-wrap:normal}
    table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
    th,td{padding:.3rem .7rem;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap}
    th{color:var(--muted);font-weight:600;border-bottom-color:var(--axis)}
    .n{text-align:right}
    p code{display:inline-block;max-width:100%}
    td.w{white-space:normal;min-width:9rem}
    @media(max-width:30rem){th{white-space:normal}th,td{padding:.3rem .4rem}}
    tr.best td{font-weight:600;background:color-mix(in srgb,var(--s2) 12%,transparent)}
    pre,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;\
    font-size:.88em}
    pre{overflow-x:auto;overflow-wrap:normal;padding:.7rem .9rem;border:1px solid var(--grid);\
    border-radius:6px}
    @media print{:root{color-scheme:light}body{font-size:11pt}main{max-width:none;padding:0}
    figure>.grid>div,tr,pre,li,.verdict{break-inside:avoid}h2,.legend{break-after:avoid}
    figcaption{break-before:avoid;break-inside:avoid}
    .grid{display:block;font-size:0;orphans:1;widows:1}
    .grid>div{display:inline-block;width:49%;margin:0 1% 2mm 0;vertical-align:top}
    th,td{white-space:normal;padding:.2rem .4rem}table{font-size:9pt}
    .scroll,pre{overflow:visible}pre{white-space:pre-wrap}}

    """
}
