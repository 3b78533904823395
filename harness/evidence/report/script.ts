/** The filters of a report; without them every check is there all the same. */
export const SCRIPT = `
const bar = document.querySelector(".filters");
bar.hidden = false;
const checks = [...document.querySelectorAll("details.check")];
const parts = [...document.querySelectorAll("details.part")].filter((part) => part.querySelector("details.check"));
const first = parts.map((part) => part.open);
const words = bar.querySelector("input");
const buttons = [...bar.querySelectorAll("button")];
const show = () => {
  const kind = buttons.find((button) => button.getAttribute("aria-pressed") === "true").value;
  const wanted = words.value.trim().toLowerCase();
  for (const check of checks)
    check.hidden = (kind !== "" && !check.dataset.kinds.split(" ").includes(kind)) || !check.querySelector("summary").textContent.toLowerCase().includes(wanted);
  parts.forEach((part, at) => {
    const found = part.querySelector("details.check:not([hidden])");
    part.hidden = !found;
    part.open = wanted === "" && kind === "" ? first[at] : Boolean(found);
  });
};
words.addEventListener("input", show);
for (const button of buttons)
  button.addEventListener("click", () => {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    show();
  });
`;
