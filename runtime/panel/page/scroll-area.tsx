import type { ComponentChildren } from "preact";

/** A place that scrolls by itself. It is one stop for Tab, so that a keyboard can scroll it as well. */
export function ScrollArea({ kind, label, children }: { kind: string; label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached
    <section class={kind} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
