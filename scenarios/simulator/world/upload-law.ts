import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import type { UploadStep } from "../../../agent/core/upload-course.ts";
import { assert } from "../../../foundation/assert.ts";
import type { UploadStatus } from "../../../protocol/uploads.ts";

type File = { readonly bytes: number; readonly digest: string };

/** Answers that bring an upload no further, until the agent is to leave it for later. */
const setbacksAllowed = 4;

/**
 * What an agent owes to the upload of one file, whatever it decides by: seen from outside, from what it was told and
 * what it does upon that. It reads before it sends, and sends only what is what was saved; goes on from where the broker
 * is, in chunks that are full but for the last; asks where that is once the line broke; is not put off by one failure
 * after it got further, nor goes round for ever where it does not; and says at the end what really stood in the way.
 */
export class UploadLaw {
  readonly #wanted: string;
  readonly #chunkBytesMax: number;
  #size = 0;
  /** How far the broker was when it was furthest, of what was read last. */
  #furthest = 0;
  #gotFurther = false;
  #setbacks = 0;
  #threwAway = 0;
  #before: UploadStep["do"] = "read";

  constructor({ digest, chunkBytesMax }: { digest: string; chunkBytesMax: number }) {
    this.#wanted = digest;
    this.#chunkBytesMax = chunkBytesMax;
  }

  measured({ bytes, digest }: File, step: UploadStep): UploadStep {
    this.#size = bytes;
    if (digest !== this.#wanted) this.#mustGiveUp(step, "damaged-checkpoint", false);
    else if (bytes > this.#chunkBytesMax) assert(step.do === "ask", "a large file may be there in part");
    else this.#mustSend(step, 0);
    return this.#did(step);
  }

  gone(step: UploadStep): UploadStep {
    this.#mustGiveUp(step, "unknown-checkpoint", false);
    return this.#did(step);
  }

  answered(outcome: BrokerOutcome<UploadStatus>, step: UploadStep): UploadStep {
    if (outcome.ok) {
      const { complete, offset } = outcome.value;
      if (complete) assert(step.do === "end" && step.outcome.ok, "what is there whole is not sent again");
      else this.#mustGoOn(step, offset, this.#before === "ask");
      return this.#did(step);
    }
    const { code, expectedOffset, retriable } = outcome;
    if (code === "offset-mismatch" && expectedOffset !== undefined) this.#mustGoOn(step, expectedOffset, false);
    else if (code === "digest-mismatch" && this.#threwAway === 0) {
      this.#threwAway += 1;
      this.#furthest = 0;
      assert(step.do === "read", "whose disk it was is seen by reading again");
    } else if (retriable && this.#gotFurther) {
      this.#gotFurther = false;
      assert(step.do === "ask", "a line that was cut off after it had brought the upload further is tried again");
    } else this.#mustGiveUp(step, code, retriable);
    return this.#did(step);
  }

  /** @param isFirstWord whether the broker was only asked: nothing that was sent came to nothing */
  #mustGoOn(step: UploadStep, offset: number, isFirstWord: boolean): void {
    if (offset > this.#furthest) {
      this.#setbacks = 0;
      this.#gotFurther = true;
      this.#furthest = offset;
    } else if (!isFirstWord) this.#setbacks += 1;
    if (offset > this.#size || this.#setbacks > setbacksAllowed) this.#mustGiveUp(step, "malformed", true);
    else this.#mustSend(step, offset);
  }

  #mustSend(step: UploadStep, offset: number): void {
    assert(step.do === "send" && step.offset === offset, `what comes next is sent, from ${offset} on`);
    const left = this.#size - offset;
    assert(step.bytes === Math.min(left, this.#chunkBytesMax), `a chunk is as large as it may be, not ${step.bytes}`);
    assert(step.isLast === (step.bytes === left), "the last chunk is called so, and no other");
  }

  #mustGiveUp(step: UploadStep, code: string, retriable: boolean): void {
    assert(step.do === "end" && !step.outcome.ok, `an upload ends that came to ${code}, not: ${step.do}`);
    const { outcome } = step;
    assert(outcome.code === code && outcome.retriable === retriable, `it says that it came to ${code}`);
  }

  #did(step: UploadStep): UploadStep {
    this.#before = step.do;
    return step;
  }
}

/** What the files of one checkpoint come to together: good only if all are, and for good lost if one is. */
export function assertPartsTold(parts: readonly BrokerOutcome<null>[], told: BrokerOutcome<null>): void {
  assert(told.ok === parts.every(({ ok }) => ok), "a checkpoint is there when all of it is there");
  const isLost = parts.some((part) => !part.ok && !part.retriable);
  assert(told.ok || told.retriable !== isLost, "what will never get there is not tried again, and all else is");
}
