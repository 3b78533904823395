import { resolve } from "node:path";
import type { Command } from "commander";
import { ownFingerprint } from "../../evidence/signature.ts";
import { type Verification, verifyBundle } from "../../evidence/verify.ts";
import { PiworkError } from "../../protocol/errors.ts";
import { findPlaces, type PlaceOptions } from "../../state/places.ts";
import { plain, report } from "../attach.ts";

interface Options extends PlaceOptions {
  key?: string;
  json?: boolean;
}

export function addVerify(program: Command): void {
  program
    .command("verify")
    .argument("<bundle>", "directory of a run, below tmp/dev/runs")
    .description("recompute a bundle of evidence: its hashes, signature, checks, controls and pictures")
    .option("--key <FINGERPRINT>", "believe what this key has signed, instead of that of this state directory")
    .option("--json", "print what was found for programs")
    .addHelpText(
      "after",
      "\nExit code 0: it is whole, signed by whom it should be, and the run has passed. 1: the first reason why not.",
    )
    .action((bundle: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const key = options.key === undefined ? ownFingerprint(findPlaces(options).state) : readKey(options.key);
      const verification = verifyBundle(resolve(bundle), key);
      report({ ...verification, ok: verification.refusal === null }, options, describe);
      if (verification.refusal !== null) process.exitCode = 1;
    });
}

function readKey(words: string): string {
  const key = words.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(key))
    throw new PiworkError("INVALID_REQUEST", "--key takes the fingerprint of a key: 64 hexadecimal digits.");
  return key;
}

function describe({ refusal, manifest, signer, directory }: Verification): string {
  if (refusal !== null) return `REFUSED  ${plain(directory)}\n  ${refusal.kind}: ${plain(refusal.says)}`;
  const { suite, passed, files, commit, clean } = manifest ?? {};
  const from =
    commit === null ? "an unknown commit" : `commit ${commit?.slice(0, 12)}${clean === false ? ", with changes" : ""}`;
  return plain(
    `verified  ${directory}\n  ${suite}: ${passed} checks passed, ${files?.length} files, of ${from}\n  signed by ${signer}`,
  );
}
