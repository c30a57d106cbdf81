import { assert } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import type { UploadStatus } from "../../protocol/uploads.ts";
import type { BrokerFailure, BrokerOutcome } from "./outcome.ts";

/** What is to be done next for one upload, by whoever carries it out. */
export type UploadStep =
  /** Read the whole file and measure it → `measured`, `gone`. */
  | { readonly do: "read" }
  /** Ask how much of it the broker has → `answered`. */
  | { readonly do: "ask" }
  /** Send so many bytes from that offset on → `answered`. */
  | { readonly do: "send"; readonly offset: number; readonly bytes: number; readonly isLast: boolean }
  | { readonly do: "end"; readonly outcome: BrokerOutcome<null> };

/** Answers in a row that bring an upload no further than it was before, until it is left for later. */
const setbacksMax = 4;

/**
 * How one file of a checkpoint gets to the broker (protocol/uploads.ts): measured before anything is sent, so that what
 * rotted on this host's disk is not sent as good; then chunk by chunk, always from the offset that the broker confirms,
 * whatever was sent before. It ends where waiting may help: whoever repeats it later goes on from there. Decisions only;
 * the real agent and the simulated one carry them out.
 */
export class UploadCourse {
  readonly #digest: string;
  readonly #chunkBytesMax: number;
  /** Of the file, once it was measured. */
  #bytes = 0;
  /** The most that the broker has confirmed. */
  #most = 0;
  /** Whether it confirmed more since the last failure. */
  #progressed = false;
  #setbacks = 0;
  #beganAnew = false;
  /** Whether the question how much is there is under way. */
  #asked = false;

  /** @param digest SHA-256 that the file is to have, in hexadecimal */
  constructor({ digest, chunkBytesMax }: { digest: string; chunkBytesMax: number }) {
    assert(chunkBytesMax > 0, "an upload comes to its end");
    this.#digest = digest;
    this.#chunkBytesMax = chunkBytesMax;
  }

  begin(): UploadStep {
    return { do: "read" };
  }

  /** What the file holds by now. */
  measured({ bytes, digest }: { bytes: number; digest: string }): UploadStep {
    if (digest !== this.#digest) {
      const message = `its content on this host's disk is not what was saved (${bytes} bytes)`;
      return end({ ok: false, code: "damaged-checkpoint", retriable: false, message });
    }
    this.#bytes = bytes;
    // What fits into one chunk is sent as fast as it is asked for.
    return bytes <= this.#chunkBytesMax ? this.#sendFrom(0) : this.#ask();
  }

  /** The file cannot be read: a newer checkpoint took its place, or the disk fails. */
  gone(message: string): UploadStep {
    return end({ ok: false, code: "unknown-checkpoint", retriable: false, message });
  }

  answered(outcome: BrokerOutcome<UploadStatus>): UploadStep {
    const wasAsked = this.#asked;
    this.#asked = false;
    if (!outcome.ok) return this.#failed(outcome);
    if (outcome.value.complete) return end({ ok: true, value: null });
    if (wasAsked && outcome.value.offset > 0) sometimes("an upload went on from where it was cut off");
    return this.#goOn(outcome.value.offset, { isSetback: !wasAsked && outcome.value.offset <= this.#most });
  }

  #failed(failure: BrokerFailure): UploadStep {
    if (failure.code === "offset-mismatch" && failure.expectedOffset !== undefined) {
      const { expectedOffset } = failure;
      return this.#goOn(expectedOffset, { isSetback: expectedOffset <= this.#most });
    }
    if (failure.code === "digest-mismatch" && !this.#beganAnew) {
      // The broker has thrown it away. Whose disk it was is seen by reading ours again.
      sometimes("an upload began anew because the broker had thrown it away");
      this.#beganAnew = true;
      this.#most = 0;
      return { do: "read" };
    }
    if (!failure.retriable || !this.#progressed) return end(failure);
    // It got further since it was last cut off: the line is bad, and not gone.
    this.#progressed = false;
    return this.#ask();
  }

  #goOn(offset: number, { isSetback }: { isSetback: boolean }): UploadStep {
    if (isSetback) this.#setbacks += 1;
    if (offset > this.#bytes || this.#setbacks > setbacksMax) {
      const message = `the broker has ${offset} of ${this.#bytes} bytes and does not get any further`;
      return end({ ok: false, code: "malformed", retriable: true, message });
    }
    if (offset > this.#most) {
      this.#most = offset;
      this.#progressed = true;
      this.#setbacks = 0;
    }
    return this.#sendFrom(offset);
  }

  #ask(): UploadStep {
    this.#asked = true;
    return { do: "ask" };
  }

  #sendFrom(offset: number): UploadStep {
    const bytes = Math.min(this.#chunkBytesMax, this.#bytes - offset);
    return { do: "send", offset, bytes, isLast: offset + bytes === this.#bytes };
  }
}

/**
 * The files of a checkpoint by their digests, in the order in which they go; those of one row go side by side, and none
 * of the next before they are there. The broker keeps what nothing refers to yet for the life of a lease: an archive of
 * many chunks may take longer than that, and a manifest that went beside it would be gone when the two are named.
 */
export function uploadRows(
  { manifestDigest, archiveDigest, archiveBytes }: CheckpointReference,
  chunkBytesMax: number,
): readonly (readonly string[])[] {
  if (archiveBytes <= chunkBytesMax) return [[manifestDigest, archiveDigest]];
  return [[archiveDigest], [manifestDigest]];
}

/** What the uploads of a checkpoint's parts come to together: what stands in its way for good goes first. */
export function outcomeOfParts(parts: readonly BrokerOutcome<null>[]): BrokerOutcome<null> {
  const failures = parts.filter((part) => !part.ok);
  return failures.find(({ retriable }) => !retriable) ?? failures[0] ?? { ok: true, value: null };
}

function end(outcome: BrokerOutcome<null>): UploadStep {
  return { do: "end", outcome };
}
