import type { ComponentChildren } from "preact";

interface SectionProps {
  title: string;
  fact: ComponentChildren;
  isOpen?: boolean;
  kind?: string;
  children: ComponentChildren;
}

/** A part of the side: closed, it is its heading and the one thing to know. */
export function Section({ title, fact, isOpen = false, kind = "", children }: SectionProps) {
  return (
    <details class={`section ${kind}`} open={isOpen}>
      <summary>
        <h3>{title}</h3>
        <span class="fact faint cut">{fact}</span>
      </summary>
      <div class="inside">{children}</div>
    </details>
  );
}
