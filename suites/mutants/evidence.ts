import type { Mutant } from "../../harness/mutants/mutant.ts";
import { unit } from "./unit.ts";

/** Evidence that should not be believed. */
export const evidence: readonly Mutant[] = [
  {
    id: "control-not-required",
    file: "runtime/evidence/verdicts.ts",
    find: "if (!attack.control.through && attack.dead === undefined)",
    replace: `if (!attack.control.through && attack.dead === "")`,
    loses: "An attack counts as held that could never have got through.",
    ...unit("runtime/evidence/verdicts.test.ts"),
  },
  {
    id: "through-and-passed",
    file: "runtime/evidence/verdicts.ts",
    find: `verdict === "passed" && attack?.target?.through === true`,
    replace: `verdict === "failed" && attack?.target?.through === true`,
    loses: "An attack that got through is called held.",
    noticedBy: "evidence.refuses-through-as-passed",
  },
  {
    id: "one-file-not-hashed",
    file: "runtime/evidence/verify.ts",
    find: "of known.values()) {",
    replace: "of [...known.values()].slice(1)) {",
    loses: "A file of a bundle can be changed, and the bundle still verifies.",
    noticedBy: "evidence.refuses-any-byte",
  },
  {
    id: "changed-file",
    file: "runtime/evidence/verify.ts",
    find: "now.sha256 !== sha256 || now.bytes !== bytes",
    replace: "now.sha256 !== sha256 && now.bytes !== bytes",
    loses: "A log or picture of a bundle can be changed at the same length, and the bundle still verifies.",
    noticedBy: "evidence.refuses-any-byte",
  },
  {
    id: "any-signer",
    file: "runtime/evidence/verify.ts",
    find: "if (signer !== key) throw",
    replace: "if (signer === undefined) throw",
    loses: "A bundle that anybody signed is believed.",
    noticedBy: "evidence.refuses-new-key",
  },
  {
    id: "forged-manifest",
    file: "runtime/evidence/verify.ts",
    find: "!isSignedBy(bytes, signed) || signed.fingerprint !== signer",
    replace: "!isSignedBy(bytes, signed) && signed.fingerprint !== signer",
    loses: "A manifest that anybody rewrote is believed as long as the signature of another run lies beside it.",
    noticedBy: "evidence.refuses-manifest-edited",
  },
  {
    id: "failed-run-passes",
    file: "runtime/evidence/verify.ts",
    find: "if (failed > 0)",
    replace: "if (failed > passed)",
    loses: "A run in which attacks got through verifies as passed, as long as more checks passed than failed.",
    ...unit("harness/checks/checks.test.ts"),
  },
  {
    id: "picture-differs-more",
    file: "runtime/evidence/pictures.ts",
    find: "if (counted !== differing)",
    replace: "if (counted < differing)",
    loses: "A picture that is called the same as its baseline verifies although it shows something else.",
    ...unit("runtime/evidence/pictures.test.ts"),
  },
  {
    id: "key-for-the-group",
    file: "runtime/evidence/signature.ts",
    find: "(statSync(path).mode & 0o077) !== 0",
    replace: "(statSync(path).mode & 0o007) !== 0",
    loses: "The users of a group sign evidence as the user.",
    ...unit("runtime/evidence/signature.test.ts"),
  },
];
