import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { atExit } from "../host/at-exit.ts";

/** The fonts that pages are drawn with, from npm packages of the lock file. Fonts of the host change no picture. */
const PINNED = [
  // drawn alike by the same designer, and as wide as Arial and Liberation Sans
  import.meta.resolve("@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf"),
  import.meta.resolve("@expo-google-fonts/arimo/400Regular_Italic/Arimo_400Regular_Italic.ttf"),
  import.meta.resolve("@expo-google-fonts/arimo/700Bold/Arimo_700Bold.ttf"),
  // for code, and for signs that Arimo lacks
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf"),
  import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSansMono-Bold.ttf"),
].map((address) => fileURLToPath(address));

export const PINNED_FAMILIES = ["Arimo", "DejaVu Sans Mono", "DejaVu Sans"];

/** Fonts for a browser of ours, and no others. */
export class PinnedFonts implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "piwork-fonts-"));
  readonly #forget = atExit(() => this.#remove());
  /** each as `FILE sha256:…` */
  readonly record = PINNED.map((file) => `${basename(file)} sha256:${hashOf(file)}`);

  constructor() {
    const fonts = join(this.#directory, "fonts");
    mkdirSync(fonts);
    for (const file of PINNED) symlinkSync(file, join(fonts, basename(file)));
    writeFileSync(this.configuration, configurationFor(fonts, join(this.#directory, "cache")));
  }

  /** File that a browser is to take as FONTCONFIG_FILE. */
  get configuration(): string {
    return join(this.#directory, "fonts.conf");
  }

  #remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#remove();
  }
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Letters are drawn as they are designed: neither moved to the grid nor smoothed by the colours of one kind of screen. */
function configurationFor(fonts: string, cache: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>${fonts}</dir>
<cachedir>${cache}</cachedir>
<alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
<!-- any other family -->
<match target="pattern">
<edit name="family" mode="append_last"><string>Arimo</string></edit>
</match>
<match target="font">
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="rgba" mode="assign"><const>none</const></edit>
</match>
</fontconfig>
`;
}
