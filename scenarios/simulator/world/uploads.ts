import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import { outcomeOfParts, UploadCourse, uploadRows, type UploadStep } from "../../../agent/core/upload-course.ts";
import { assert } from "../../../foundation/assert.ts";
import type { UploadStatus } from "../../../protocol/uploads.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { BrokerCall } from "./broker-call.ts";
import type { ChunkMessage } from "./chunk-message.ts";
import { assertPartsTold, UploadLaw } from "./upload-law.ts";

type Upload = Extract<AgentEffect, { kind: "uploadCheckpoint" }>;

/** No decision looks at the size of a manifest. */
const manifestBytes = 100;

/** So small that some checkpoints take several: those of the largest jobs that the broker takes, twenty. */
export const chunkBytesMax = 100_000;

/** One file of a checkpoint on its way. */
interface Part {
  readonly upload: Upload;
  readonly digest: string;
  readonly course: UploadCourse;
  readonly law: UploadLaw;
  readonly whole: Whole;
  outcome: BrokerOutcome<null> | null;
}

/** A checkpoint on its way. */
interface Whole {
  /** What is on its way now, side by side. */
  parts: readonly Part[];
  /** What goes when that is there. */
  readonly rows: (readonly string[])[];
}

/** What is said to the broker for an upload. */
export type SayUpload = (
  route: "upload-ask" | "upload-chunk",
  message: ChunkMessage | { readonly digest: string },
  words: { leaseId: string; generation: number; timeoutMs: number },
) => BrokerCall;

/** Carries out what the real agent's uploads decide, with files of this host's disk and calls over the modelled network. */
export class Uploads {
  readonly #body: AgentProcess;
  readonly #say: SayUpload;
  readonly #calls = new Map<BrokerCall, Part>();

  constructor(body: AgentProcess, say: SayUpload) {
    this.#body = body;
    this.#say = say;
  }

  begin(upload: Upload): void {
    this.#beginRow(upload, { parts: [], rows: [...uploadRows(upload.reference, chunkBytesMax)] });
  }

  /** A call that was said for an upload came to its end. */
  answered(call: BrokerCall, outcome: BrokerOutcome<unknown>): void {
    const part = this.#calls.get(call);
    if (part === undefined) return;
    this.#calls.delete(call);
    const answer = outcome as BrokerOutcome<UploadStatus>;
    this.#goOn(part, part.law.answered(answer, part.course.answered(answer)));
  }

  #beginRow(upload: Upload, whole: Whole): void {
    const row = whole.rows.shift() ?? [];
    const parts = row.map((digest): Part => {
      const file = { digest, chunkBytesMax };
      return { upload, digest, course: new UploadCourse(file), law: new UploadLaw(file), whole, outcome: null };
    });
    whole.parts = parts;
    // Reading takes no time here; what it comes to is seen after this.
    this.#body.whenDone(0, () => {
      for (const part of parts) this.#goOn(part, part.course.begin());
    });
  }

  #goOn(part: Part, first: UploadStep): void {
    const { course, digest, law, upload } = part;
    const { leaseId, generation } = upload;
    const { resultTimeoutMs, requestTimeoutMs } = this.#body.core.timing;
    for (let step = first; ; ) {
      if (step.do === "end") return this.#ended(part, step.outcome);
      const file = this.#read(part);
      if (file === null) step = law.gone(course.gone("the files are gone"));
      else if (this.#body.core.leases[leaseId]?.checkpoint?.generation !== generation)
        step = law.gone(course.gone("a newer checkpoint took its place"));
      else if (step.do === "read") step = law.measured(file, course.measured(file));
      else if (step.do === "ask") {
        const words = { leaseId, generation, timeoutMs: requestTimeoutMs };
        this.#calls.set(this.#say("upload-ask", { digest }, words), part);
        return;
      } else {
        const { offset, bytes, isLast } = step;
        const content = { of: file.digest, from: offset, to: offset + bytes };
        const chunk = { offset, bytes, length: file.bytes, complete: isLast };
        const words = { leaseId, generation, timeoutMs: resultTimeoutMs };
        this.#calls.set(this.#say("upload-chunk", { digest, chunk, content }, words), part);
        return;
      }
    }
  }

  #read({ upload, digest }: Part): { bytes: number; digest: string } | null {
    const { leaseId, generation, reference } = upload;
    const stored = this.#body.host.checkpoint(leaseId, generation);
    if (stored === undefined) return null;
    assert(stored.written.archiveDigest === reference.archiveDigest, "a generation has one checkpoint");
    if (digest === reference.manifestDigest) return { bytes: manifestBytes, digest };
    return { bytes: reference.archiveBytes, digest: stored.rotten ? rotten : digest };
  }

  #ended(part: Part, ended: BrokerOutcome<null>): void {
    part.outcome = ended;
    const outcomes: BrokerOutcome<null>[] = [];
    for (const one of part.whole.parts) {
      if (one.outcome === null) return;
      outcomes.push(one.outcome);
    }
    const outcome = outcomeOfParts(outcomes);
    assertPartsTold(outcomes, outcome);
    if (outcome.ok && part.whole.rows.length > 0) return this.#beginRow(part.upload, part.whole);
    const { leaseId, generation } = part.upload;
    this.#body.see({ type: "uploadAnswered", leaseId, generation, outcome });
  }
}

/** What a file has that is not what was written. */
const rotten = "f".repeat(64);
