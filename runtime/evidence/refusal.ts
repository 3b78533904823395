/** Why a bundle is not believed, in the order in which it is asked. */
const REFUSALS = {
  unreadable: "it cannot be read, or is larger than anything a suite leaves",
  link: "it holds something that is neither a file nor a directory",
  manifest: "its manifest is not there, or is none",
  incomplete: "the run did not come to its end",
  signer: "it is not signed, or by a key that is not known here",
  signature: "the signature is not of this manifest",
  "missing file": "a file of the manifest is not there",
  "extra file": "a file is there that the manifest does not know",
  hash: "a file is another one than when it was signed",
  document: "a document in it is not what its schema says",
  checks: "the checks that ran are not those that were to run",
  verdicts: "a verdict does not follow from what was seen, or the counts are not those of the verdicts",
  control: "an attack counts as held although nothing shows that it works",
  picture: "a picture does not differ as it is said to",
  failed: "it is what it says it is, and the run has failed",
} as const;
export type RefusalKind = keyof typeof REFUSALS;

/** The first reason not to believe a bundle. */
export class BundleRefused extends Error {
  constructor(
    readonly kind: RefusalKind,
    words: string,
  ) {
    super(words);
  }
}
