/** The look of all reports: light or dark as the reader's system is, one column or several as there is room. */
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
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 14px 16px; min-width: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 12.5px; } td.number { white-space: nowrap; } tr:last-child td { border-bottom: 0; }
@media (max-width: 640px) {
  body { padding: 16px 12px 32px; } 
  table, tbody, tr, td { display: block; } thead { display: none; } tr { padding: 8px 0; border-bottom: 1px solid var(--rule); }
  tr:last-child { border-bottom: 0; } td { border: 0; padding: 0; } td.number { display: inline-block; margin-right: 14px; }
}
code, pre { font: 12px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; } pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.banner { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; margin: 14px 0; padding: 14px 18px; border-radius: 8px; border: 1px solid; background: var(--card); }
.banner b { font-size: 20px; } .banner.good { border-color: var(--good); } .banner.bad { border-color: var(--bad); } .banner span { color: var(--ink); }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); margin: 14px 0; }
.tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 8px 12px; color: var(--soft); font-size: 12.5px; }
.tiles b { display: block; font-size: 20px; color: var(--ink); font-variant-numeric: tabular-nums; } .tiles .bad b { color: var(--bad); }
dl.environment { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 5px 18px; margin: 0; } dl.environment dt { color: var(--soft); }
dl.environment dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; border-radius: 6px; } summary:focus-visible, .filters :focus-visible { outline: 2px solid var(--target); outline-offset: 2px; }
details.part { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; margin: 8px 0; padding: 0 14px; }
details.part > summary { padding: 10px 0; font-weight: 600; } details.part > summary .soft { font-weight: 400; margin-left: 8px; }
details.part > :last-child { margin-bottom: 10px; } details.check { border-top: 1px solid var(--grid); }
details.check > summary { display: grid; grid-template-columns: 16px minmax(150px, 22%) minmax(0, 1fr) max-content; gap: 0 12px; padding: 7px 0; list-style: none; align-items: baseline; }
details.check > summary::-webkit-details-marker { display: none; } details.check > summary:hover { background: var(--grid); }
details.check code { overflow-wrap: anywhere; } .time { color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.badge { font-size: 11px; border: 1px solid currentColor; border-radius: 99px; padding: 0 7px; margin-left: 6px; white-space: nowrap; }
.seen { padding: 2px 0 12px 28px; display: grid; gap: 10px; } .seen h4 { margin: 0 0 3px; font-size: 12px; color: var(--soft); font-weight: 600; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; } .sides > div, .block { border: 1px solid var(--rule); border-radius: 6px; padding: 8px 10px; min-width: 0; background: var(--paper); overflow-wrap: anywhere; }
.sides .held { border-left: 3px solid var(--good); } .sides .through { border-left: 3px solid var(--other); } .sides .leak { border-left: 3px solid var(--bad); }
.block pre { max-height: 420px; overflow: auto; } .block.reason { border-left: 3px solid var(--bad); }
.filters { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 8px; padding: 10px 0; background: var(--paper); }
.filters[hidden] { display: none; } .filters input, .filters button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 5px 10px; }
.filters input { flex: 1 1 220px; min-width: 0; } .filters button { cursor: pointer; } .filters button[aria-pressed=true] { border-color: var(--target); color: var(--target); }
.shots { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px; } .shots figure { margin: 0; } .shots img { width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 6px; display: block; }
.shots figcaption { color: var(--soft); font-size: 12px; margin-bottom: 3px; }
a { color: var(--target); } [hidden] { display: none !important; }
@media (max-width: 640px) {
  .sides, .shots { grid-template-columns: minmax(0, 1fr); } .seen { padding-left: 0; } dl.environment { grid-template-columns: minmax(0, 1fr); gap: 0; } dl.environment dd { margin-bottom: 8px; }
  details.check > summary { grid-template-columns: 16px minmax(0, 1fr) max-content; } details.check > summary .claim { grid-column: 2 / -1; grid-row: 2; } details.part { padding: 0 10px; }
}
`;
