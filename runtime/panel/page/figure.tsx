/** `number`: one that tells things apart, and says nothing else */
type Kind = "moment" | "time" | "machine" | "number";

/** What is another in each run of the runtime. It is marked, so that two pictures of one page can be compared without it. */
export function Figure({ kind, children }: { kind: Kind; children: string }) {
  return <span data-figure={kind}>{children}</span>;
}
