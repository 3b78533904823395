import type { Environment } from "../../../runtime/api/bundle.ts";
import { text } from "./markup.ts";

/** Where the run was and with what, for whoever asks whether it says anything about their own machine. */
export function environmentCard(environment: Environment): string {
  const { system, processor, cores, memoryMb, load, node, qemu, browser, fonts, image, templates, runtimes } =
    environment;
  const files = Object.entries(image?.files ?? {});
  const accelerations = new Set(
    Object.values(runtimes).map(({ acceleration }) =>
      acceleration === null
        ? "none yet"
        : `${acceleration.used}, ${acceleration.requested} was asked for: ${acceleration.reason}`,
    ),
  );
  const rows: [string, string][] = [
    ["acceleration", [...accelerations].join("; ") || "no runtime of this run has said"],
    ["host", `${cores} × ${processor}, ${(memoryMb / 1024).toFixed(0)} GiB, ${system}`],
    ["load at the start", load.map((one) => one.toFixed(2)).join(", ")],
    ["QEMU", qemu ?? "not there"],
    ["Node", node],
    ["browser", browser ?? "not there"],
    ["fonts", fonts.join(", ") || "none"],
    ["image", image === null ? "none" : image.inputs],
    ...files.map(([name, { sha256, bytes }]): [string, string] => [name, `${sha256}, ${bytes} bytes`]),
    ...templates.map(({ key, manifest }): [string, string] => [
      "template",
      `${key.slice(0, 16)}, manifest ${manifest}`,
    ]),
  ];
  const list = rows.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join("");
  const words = Object.entries(runtimes).flatMap(([where, { qemu: machines }]) =>
    machines.map(
      (command) =>
        `<div class="block"><h4>QEMU of the runtime with its logs in ${text(where)}</h4><pre>${text(command.join(" "))}</pre></div>`,
    ),
  );
  return `<details class="part"><summary>Environment<span class="soft">${text(qemu ?? "no QEMU")} · ${text([...accelerations].map((one) => one.split(",")[0]).join(", ") || "no runtime")} · Node ${text(node)}</span></summary>
<dl class="environment">${list}</dl>${words.length === 0 ? "" : `<div class="seen">${words.join("")}</div>`}</details>`;
}
