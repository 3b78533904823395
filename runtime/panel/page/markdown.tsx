import DOMPurify from "dompurify";
import { Marked } from "marked";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Elements that Markdown makes; no picture, for it would be asked for from elsewhere. */
const TAGS = "p br hr h1 h2 h3 h4 h5 h6 strong em del code pre blockquote ul ol li table thead tbody tr th td a";

const markdown = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // Markup in a text is text.
    html: ({ text }) => escapeMarkup(text),
    image: ({ text, href }) => escapeMarkup(`[${text || "image"}: ${href}]`),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** An agent's words as Markdown. What is shown is made of elements on the list, whatever the words say. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const shown = DOMPurify.sanitize(markdown.parse(text, { async: false }), {
      ALLOWED_TAGS: TAGS.split(" "),
      ALLOWED_ATTR: ["href", "start"],
      ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
      ALLOW_DATA_ATTR: false,
      ALLOW_ARIA_ATTR: false,
      RETURN_DOM_FRAGMENT: true,
    });
    for (const link of shown.querySelectorAll("a")) {
      link.target = "_blank";
      link.rel = "noopener noreferrer nofollow";
      link.title = link.href;
    }
    for (const block of shown.querySelectorAll<HTMLElement>("pre, table")) block.tabIndex = 0; // what scrolls can be reached by keyboard
    place.current?.replaceChildren(shown);
  }, [text]);
  return <div class="markdown" ref={place} />;
});

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
