/** The look of the report: light or dark as the reader's system is, one column or several as there is room. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #f7f6f3; --card: #ffffff; --ink: #1c1f24; --soft: #5c6470; --rule: #dfdcd5; --grid: #e8e5df;
  --good: #1a7f4b; --bad: #c22f2f; --target: #1f6feb; --other: #8a8f98;
  --c0: #1f6feb; --c1: #d9822b; --c2: #2a9d6f; --c3: #b5518d; --c4: #7a6ff0; --c5: #c9a50e; --c6: #3aa6b9; --c7: #8a8f98; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1c1f25; --ink: #e6e8eb; --soft: #9aa3af; --rule: #31363f; --grid: #2a2f37;
  --good: #4cc38a; --bad: #ff7b72; --target: #6cb0ff; --other: #8d96a3;
  --c0: #6cb0ff; --c1: #f0a35e; --c2: #56c596; --c3: #e08abf; --c4: #a59cff; --c5: #e3c44b; --c6: #6fd0e0; --c7: #8d96a3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1320px; padding: 24px 20px 48px; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 28px 0 2px; } h3 { font-size: 15px; margin: 0 0 10px; }
.id { display: block; color: var(--soft); font: 12px ui-monospace, "DejaVu Sans Mono", monospace; }
p { margin: 4px 0; } .soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
.facts { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 10px 0; padding: 0; list-style: none; color: var(--soft); }
.facts b { color: var(--ink); font-weight: 600; }
.sections, .cards { display: grid; gap: 16px; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
.sections { --columns: 3; grid-auto-flow: dense; align-items: start; } .cards { margin-top: 12px; align-items: start; }
.n1 { grid-column: span 1; --columns: 1; } .n2 { grid-column: span 2; --columns: 2; } .n3 { grid-column: span 3; --columns: 3; }
@media (max-width: 1160px) { .sections { --columns: 2; } .n3 { grid-column: span 2; --columns: 2; } }
@media (max-width: 780px) { .sections { --columns: 1; } .n2, .n3 { grid-column: span 1; --columns: 1; } }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 14px 16px; min-width: 0; overflow-wrap: anywhere; }
.way { margin: 0 0 12px; } .name { font-weight: 600; } .other .name { font-weight: 400; }
.numbers { display: flex; flex-wrap: wrap; gap: 0 10px; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.numbers b { color: var(--ink); } .way svg { margin-top: 3px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 11px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft); }
svg .grid { stroke: var(--grid); stroke-width: 1; } svg .cross { fill: var(--bad); font-size: 13px; font-weight: 700; }
.target circle { fill: var(--target); fill-opacity: .55; } .other circle { fill: var(--other); fill-opacity: .55; }
.p50 { stroke: var(--ink); stroke-width: 2; } .p95 { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 2; }
.reasons { margin: 2px 0; padding-left: 16px; font-size: 12px; }
.line { fill: none; stroke-width: 1.5; }
${Array.from({ length: 8 }, (_, at) => `.f${at} { fill: var(--c${at}); } .s${at} { stroke: var(--c${at}); } .b${at} { background: var(--c${at}); }`).join("\n")}
.keys { list-style: none; margin: 6px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 12.5px; color: var(--soft); }
.keys b { color: var(--ink); font-weight: 600; } .swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 12.5px; } td.number { white-space: nowrap; } tr:last-child td { border-bottom: 0; }
.legend { margin: 8px 0; color: var(--soft); font-size: 12.5px; }
.tick { display: inline-block; height: 11px; vertical-align: -1px; margin-right: 4px; border-left: 2px solid var(--ink); } .tick.dashed { border: 0; width: 2px; background: repeating-linear-gradient(var(--ink) 0 3px, transparent 3px 5px); }
@media (max-width: 640px) {
  body { padding: 16px 12px 32px; } 
  table, tbody, tr, td { display: block; } thead { display: none; } tr { padding: 8px 0; border-bottom: 1px solid var(--rule); }
  tr:last-child { border-bottom: 0; } td { border: 0; padding: 0; } td.number { display: inline-block; margin-right: 14px; }
}
`;
