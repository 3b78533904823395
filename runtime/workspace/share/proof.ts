import { randomBytes } from "node:crypto";
import { rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { openBeneath, type Place } from "../../linux/open-beneath.ts";
import { openRegularFile } from "../../linux/open-regular.ts";
import { PiworkError, policyViolation } from "../../protocol/errors.ts";
import type { MountProof } from "../../protocol/share.ts";
import type { Handover } from "../files.ts";
import { HIDDEN_NAMES } from "../walk.ts";

/** A directory that a machine has to show that it sees. */
interface Proven {
  tag: MountProof["tag"];
  /** where the share begins on the host */
  root: string;
  /** the way from there to the directory, the same on the host and in the share */
  parts: readonly string[];
}

/** Has a machine prove that it sees these directories. */
export function prove(directories: readonly Proven[]): Handover {
  const proofs: ShareProof[] = [];
  const dispose = () => {
    for (const proof of proofs) proof[Symbol.dispose]();
  };
  try {
    for (const directory of directories) proofs.push(new ShareProof(directory));
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    message: { kind: "share", proofs: proofs.map(({ request }) => request) },
    check() {
      for (const proof of proofs) proof.check();
    },
    [Symbol.dispose]: dispose,
  };
}

/** More than a proof has. */
const PROOF_BYTES = 1024;

/** Proves that a directory of a share works both ways: the guest reads what the host wrote, and the host what the guest wrote. `using` removes the traces. */
class ShareProof implements Disposable {
  readonly request: MountProof;
  readonly #token = randomBytes(16).toString("hex");
  readonly #place: Place;

  constructor({ tag, root, parts }: Proven) {
    this.request = {
      tag,
      path: parts.length === 0 ? null : parts.join("/"),
      file: `.piwork-mount-${randomBytes(16).toString("hex")}`,
      reply: randomBytes(16).toString("hex"),
    };
    this.#place = openBeneath(root, parts);
    HIDDEN_NAMES.add(this.request.file);
    try {
      writeFileSync(this.#file, this.#token, { flag: "wx", mode: 0o600 });
    } catch (cause) {
      this[Symbol.dispose]();
      throw policyViolation(
        `${[root, ...parts].join("/")} cannot be written, so a task could not work in it; make it writable or choose another one.`,
        cause,
      );
    }
  }

  /** Throws unless the guest wrote what it had read behind the token, and its reply. */
  check(): void {
    const said = this.#read();
    if (said?.endsWith(this.request.reply) !== true) throw this.#refuse("the host does not see what the machine wrote");
    if (said !== `${this.#token}${this.#token}${this.request.reply}`)
      throw this.#refuse("the machine does not see what the host wrote");
  }

  [Symbol.dispose](): void {
    removeTrace(this.#file);
    HIDDEN_NAMES.delete(this.request.file);
    this.#place[Symbol.dispose]();
  }

  get #file(): string {
    return `${this.#place.path}/${this.request.file}`;
  }

  /** The other side wrote into it, so it may be anything. */
  #read(): string | undefined {
    try {
      using file = openRegularFile(this.#place, this.request.file);
      return file?.readAtMost(PROOF_BYTES)?.toString("utf8");
    } catch (error) {
      if (error instanceof PiworkError) return undefined;
      throw error;
    }
  }

  #refuse(why: string): PiworkError {
    return new PiworkError(
      "TASK_BOOTSTRAP_FAILED",
      `The share '${this.request.tag}' is not the directory it should be: ${why}. The machine was refused.`,
    );
  }
}

/** What a machine put there instead may be a directory; what it holds is not ours to remove, and stays. */
function removeTrace(path: string): void {
  for (const remove of [unlinkSync, rmdirSync]) {
    try {
      return remove(path);
    } catch {
      // the other way, or it is gone, or it stays
    }
  }
}
