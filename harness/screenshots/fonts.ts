import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { $ } from "zx";
import { atExit } from "../piwork.ts";

/** The fonts that pages are drawn with, by the Debian package they come in. Whatever else is installed changes no picture. */
const PINNED: Readonly<Record<string, readonly string[]>> = {
  "fonts-liberation": ["Regular", "Bold", "Italic"].map(
    (style) => `/usr/share/fonts/truetype/liberation/LiberationSans-${style}.ttf`,
  ),
  // For code, and for signs that the other has not.
  "fonts-dejavu-core": ["DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSans"].map(
    (name) => `/usr/share/fonts/truetype/dejavu/${name}.ttf`,
  ),
};

export const PINNED_FAMILIES = ["Liberation Sans", "DejaVu Sans Mono", "DejaVu Sans"];

/** Fonts for a browser of ours, and no others. */
export class PinnedFonts implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "piwork-fonts-"));
  readonly #forget = atExit(() => this.#remove());
  /** each as `FILE sha256:… (PACKAGE VERSION)` */
  readonly record: string[];

  constructor() {
    const fonts = join(this.#directory, "fonts");
    mkdirSync(fonts);
    this.record = Object.entries(PINNED).flatMap(([name, files]) => {
      const version = versionOf(name, files);
      return files.map((file) => {
        symlinkSync(file, join(fonts, basename(file)));
        return `${basename(file)} sha256:${hashOf(file)} (${name} ${version})`;
      });
    });
    writeFileSync(this.#configuration, configurationFor(fonts, join(this.#directory, "cache")));
  }

  /** What makes a browser use them. */
  get environment(): NodeJS.ProcessEnv {
    return { FONTCONFIG_FILE: this.#configuration };
  }

  get #configuration(): string {
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

function versionOf(name: string, files: readonly string[]): string {
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new Error(`${missing} is missing; 'npm test' installs Debian's ${name}, as root or with sudo.`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  return $.sync`dpkg-query -W -f ${"${Version}"} ${name}`.stdout;
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
<!-- whatever family is asked for and is not here -->
<match target="pattern">
<edit name="family" mode="append_last"><string>Liberation Sans</string></edit>
</match>
<match target="font">
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="rgba" mode="assign"><const>none</const></edit>
</match>
</fontconfig>
`;
}
