/** What plots and cards of figures add to the look of reports. */
export const PLOT_STYLE = `
.sections, .cards { display: grid; gap: 16px; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
.sections { --columns: 3; grid-auto-flow: dense; align-items: start; } .cards { margin-top: 12px; align-items: start; }
.n1 { grid-column: span 1; --columns: 1; } .n2 { grid-column: span 2; --columns: 2; } .n3 { grid-column: span 3; --columns: 3; }
@media (max-width: 1160px) { .sections { --columns: 2; } .n3 { grid-column: span 2; --columns: 2; } }
@media (max-width: 780px) { .sections { --columns: 1; } .n2, .n3 { grid-column: span 1; --columns: 1; } }
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
.legend { margin: 8px 0; color: var(--soft); font-size: 12.5px; }
.tick { display: inline-block; height: 11px; vertical-align: -1px; margin-right: 4px; border-left: 2px solid var(--ink); } .tick.dashed { border: 0; width: 2px; background: repeating-linear-gradient(var(--ink) 0 3px, transparent 3px 5px); }
`;
