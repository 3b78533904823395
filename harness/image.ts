import { spawn } from "node:child_process";
import { PIWORK } from "./piwork.ts";

/** Brings the guest image up to date, with the builder's own progress on the terminal. */
export async function buildImage(): Promise<void> {
  const child = spawn(process.execPath, [PIWORK, "image", "build"], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("close", resolve).once("error", reject),
  );
  if (code !== 0) throw new Error(`'piwork image build' ended with code ${code}`);
}
